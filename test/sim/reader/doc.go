// Package reader is a room's card readers without the readers: simulated devices on a real pseudo-terminal, in front
// of which simulated people hold cards and look at the light. It drives nothing and judges nothing; whoever opens the
// link at Line.Path is the control panel.
//
//	line, err := reader.NewLine(dir, "usb-north", reader.Options{Baud: 38400})
//	door, err := line.AddOSDP("north 1", 1, osdp.Options{})
//	...
//	p, err := door.Present(card.W26(123, 45678))
//	result := p.Wait(ctx) // result.Light, result.After()
//
// A Line is one serial port: several OSDP devices on a two-wire bus, or one reader of another kind. Octets take the
// time they take at the baud rate the host has set, in both directions; a device that runs at another speed hears
// nothing. Faults strike at the rates in Faults, from a seed.
//
//	AddOSDP   osdp   asked    SIA OSDP v2.2, up to 127 on a line
//	AddTWN4   twn4   asked    Elatec TWN4, simple protocol
//	AddPN532  pn532  asked    NXP PN532 on a high-speed UART
//	AddASCII  ascii  pushes   RDM6300, ID-12LA, WEC200, pcProx, and lines of a site's own
//	AddQR     qr     pushes   scanners of QR and bar codes
//
// Any reader can be power-cycled; on those that are no OSDP device a card can be stuck (Stick, Lift), which one that
// pushes sends up to a thousand times a second.
//
// # Which light is for whom
//
// One person at a time stands at a reader. The light for a card is the first passing light that becomes visible after
// the last octet of the card's frame has left the reader, while its person is there; a steady light is for nobody. A
// person who leaves (the context of Wait ends) has seen None, and a light after that is counted as Unasked. A reader
// that has no light, as an RDM6300, shows None to everybody, once the card is taken away.
//
// Readers that time their flashes themselves say what passes and what stays. The hosts of a TWN4, a PN532 and some
// readers of text switch lamps on and off, and nothing but time tells a flash from a light that is there to stay: there
// a lamp.Eye looks on. It names green within 80 ms, red once it has lasted or no third flash has come for 700 ms, amber
// when it has gone again; what stays for longer than a flash is the steady light. So Wait returns, and Steady changes,
// a while after the lamp did; ShownAt is the moment of the lamp all the same.
//
// Who holds a card to a reader that is asked holds it until they have seen a light or give up, and 250 ms longer,
// unless the reader's options say for how long. A card that is gone before anybody asked is Lost.
//
// Delays of this program are not the panel's: SentAt is taken immediately before the last octet is handed to the
// host, ShownAt is reckoned from the arrival of the panel's command at the reader, wire time included.
package reader
