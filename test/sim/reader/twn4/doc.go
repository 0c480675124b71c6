// Package twn4 is the device's side of Elatec's TWN4 with the Simple Protocol firmware (PRS): lines of hexadecimal
// digits that end with CR, a command from the host, an answer from the reader. It has no line, no clock and no
// goroutine.
//
// Written from Elatec's "TWN4 Simple Protocol", DocRev17 of 2018, with the LED functions 10 to 15 of later revisions.
// Where the document is silent, this reader
//   - answers a function of an API it does not have with status 1, one of the document's that is not built here with 4;
//   - ignores an empty line;
//   - is busy while it beeps, pause included, and while it searches: what comes meanwhile waits;
//   - shows nothing on an LED that was not initialised since power came on;
//   - of several cards finds one after the other, search by search; two 125 kHz tags disturb one another;
//   - reports a 26-bit Wiegand credential as an HID Prox tag of 26 bits, left aligned.
//
// Not here: binary mode, cards' memory, anything that needs keys.
package twn4
