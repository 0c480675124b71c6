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
// A Line is one serial port: several OSDP devices on a two-wire bus, or one reader that pushes text. Octets take the
// time they take at the baud rate the host has set, in both directions; a device that runs at another speed hears
// nothing. Faults strike at the rates in Faults, from a seed.
//
// # Which light is for whom
//
// One person at a time stands at a reader. The light for a card is the first passing light that becomes visible after
// the last octet of the card's frame has left the reader, while its person is there; a steady light is for nobody. A
// person who leaves (the context of Wait ends) has seen None, and a light after that is counted as Unasked. A reader
// that has no light, as an RDM6300, shows None to everybody, once the card is taken away.
//
// Delays of this program are not the panel's: SentAt is taken immediately before the last octet is handed to the
// host, ShownAt is reckoned from the arrival of the panel's command at the reader, wire time included.
package reader
