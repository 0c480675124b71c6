// Package ascii is the device's side of readers that push a card as a line of text: RDM6300 modules and converters
// with a configurable framing, some of which show a light when told so in text. It has no line, no clock and no
// goroutine. It does not answer questions: such readers are not polled.
//
// Written from the vendors' data sheets: an RDM6300 sends 02, ten hexadecimal digits, two of their XOR, 03 at 9600
// baud 8N1, again about every 50 ms while the card stays, and has no light.
package ascii
