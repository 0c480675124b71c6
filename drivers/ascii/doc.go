// Package ascii drives readers that push each card as a line of text: hexadecimal or decimal digits between a start
// and an end, with or without a check. One table, Format, describes them all. It reports cards and, where the reader
// has commands for it, shows lights; it knows neither students nor sessions.
//
// # Presets
//
// All are 9600 baud 8N1 as they leave the factory. A format can be changed in every respect after it was taken from a
// preset, which is how generic is meant.
//
// rdm6300: 125 kHz EM4100 module (RDM6300 data sheet): 02, ten hexadecimal digits, two of their XOR, 03. It sends a card
// again about every 50 ms while it stays, which the hold-off makes one read. It has no light.
//
// id12la: the ID-2LA, ID-12LA and ID-20LA (ID-Innovations, ID-2/12/20 LA data sheet of 11.04.2013, section 4): the same
// digits and check with CR LF before the 03. It has no light that the host could switch. The data sheet gives the check of
// its example as 6E in the text and as 8E in the sum below; 8E is right.
//
// wec200: Promag WEC200-00, a converter for Wiegand readers (user manual 1.0R5, chapter 6 and appendix C): 02 W text CR,
// with the text FC177ID25111 for site 177, card 25111. It must be set to site and card code (command 6-G tells), as the
// manual says nothing of the raw form. The text does not tell how many bits the card has: 26 unless Parts.Bits says
// other, and a number that has no room in these is refused. Answers (02 A CR, 02 N CR) and the message that an input
// changed (02 C CR) are no cards. It has a beeper and no light: a signal is one, two or three beeps of 100 ms, or 500 ms
// for NotKept. Its relays may switch lamps; what closes them is a matter of wiring, and of Feedback. The WEC200-01 leaves
// out the W and appends two fields: Start 02, End TAB and CR, Parts FC and ID.
//
// pcprox: serial and CDC readers of rf IDEAS (ASCII Command Protocol, 99009150, and pcProx Plus manual 99009010, chapter
// 4): a UID in hexadecimal, or facility and card in decimal with a colon between (rfid:chr.fac), and CR (rfid:chr.eol).
// Which of them, and whether zeros in front are sent, is a setting of the reader: set it to send all digits. A card
// number alone, without its facility, is refused. The answers to commands, which stand in braces, faults (Error#1), the
// echo of a command and the prompt "RF IDeas>" are no cards, and a card behind a prompt is one. The light is red, green
// or amber, there is no blue (rfid:out.led: 0 off, 1 red, 2 green, 3 amber): Ready is amber, Fault is red and stays,
// Stored puts the light off for a moment, NotKept is red with a long beep where Refused has three short ones.
// No document at hand says how rfid:beep.now counts; 1 to 5 for short beeps and 101 for a long one are what programs for
// these readers send. Nor does one say whether a reader takes two commands without a pause.
//
// generic: a line of hexadecimal digits ending in CR or LF is a UID.
//
// # Lines without a start
//
// pcprox and generic have none: noise right before a line spoils that line, and a person taps again. Noise that is
// followed by 50 ms of silence spoils nothing. Where the reader can be told to send a start, use it.
//
// # Unsupported
//
// A push reader cannot be asked whether it lives: Status speaks of the line alone. Its settings are not touched. Readers
// that share a line need a driver of their own.
package ascii
