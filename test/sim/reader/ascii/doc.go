// Package ascii is the device's side of readers that push a card as a line of text: RDM6300, ID-12LA, Promag WEC200,
// rf IDEAS pcProx and converters with a configurable framing, some of which show a light or sound when told so in
// text. It has no line, no clock and no goroutine.
//
// Written from the vendors' documents:
//   - RDM6300 data sheet: 02, ten hexadecimal digits, two of their XOR, 03, at 9600 baud 8N1, again about every 50 ms
//     while the card stays; no light;
//   - ID-Innovations ID-2LA/12LA/20LA data sheet of 2013: the same with CR LF before the 03, once a card; no light the
//     host could switch;
//   - Promag WEC200 user manual 1.0R5, chapter 6 and appendix C: 02 W FC.. ID.. CR, commands in the same frame that
//     are answered with 02 A CR or 02 N CR; a beeper, and two relays that may switch lamps;
//   - rf IDEAS ASCII Command Protocol manual 99009150: commands that begin with rfid: and end with CR or LF, each
//     followed by a prompt; how a card is written is a matter of its settings.
package ascii
