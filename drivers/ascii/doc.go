// Package ascii drives readers that push each card as a line of text: hexadecimal or decimal digits between a start
// and an end, with or without a check. One table, Format, describes them all. It reports cards and, where the reader
// has commands for it, shows lights; it knows neither students nor sessions.
//
// # Presets
//
// rdm6300: 125 kHz EM4100 module, 9600 baud: 02, ten hexadecimal digits, two of their XOR, 03 (RDM6300 data sheet).
// It sends a card again about every 50 ms while it stays, which the hold-off makes one read. It has no light.
//
// generic: a line of hexadecimal digits ending in CR or LF is a UID. Everything about it can be set, also what to send
// for each signal.
//
// # Unsupported
//
// A push reader cannot be asked whether it lives: Status speaks of the line alone. Readers that share a line need a
// driver of their own.
package ascii
