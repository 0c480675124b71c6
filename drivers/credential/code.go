package credential

import (
	"bytes"
	"fmt"
)

// Lengths of a code, in characters. Shorter ones are item numbers and what noise leaves of a line; longer ones do not
// come from a card, and no more is kept in memory of them.
const (
	ShortestCode = 8
	LongestCode  = 256
)

// FromCode gives the key of a printed or displayed code, as a QR or bar code scanner sends it: printable ASCII, with
// its case kept. Spaces around it and the AIM identifier that a scanner may put before it (ISO/IEC 15424, such as ]Q1)
// are not part of it, so that the key does not depend on how the scanner is set. Errors: ErrText, ErrCodeLength.
func FromCode(text []byte) (string, error) {
	text = bytes.Trim(text, " ")
	for aimed(text) {
		text = bytes.TrimLeft(text[aimOctets:], " ")
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			return "", fmt.Errorf("read code: %w", ErrText)
		}
	}
	if n := len(text); n < ShortestCode || n > LongestCode {
		return "", fmt.Errorf("read code of %d characters: %w", n, ErrCodeLength)
	}
	return "qr:" + string(text), nil
}

// aimOctets is the length of an AIM identifier: flag, letter of the symbology, modifier.
const aimOctets = 3

// aimed reports whether text begins with an AIM identifier. Modifiers are digits, and capitals beyond nine.
func aimed(text []byte) bool {
	if len(text) < aimOctets || text[0] != ']' {
		return false
	}
	symbology, modifier := text[1], text[2]
	return ('A' <= symbology && symbology <= 'Z' || 'a' <= symbology && symbology <= 'z') &&
		('0' <= modifier && modifier <= '9' || 'A' <= modifier && modifier <= 'Z')
}
