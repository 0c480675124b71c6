package ascii

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/rollcall-edge/rollcall/drivers/credential"
)

// written reports whether a line has two parts.
func (p Parts) written(text []byte) bool {
	return p.Card != "" && bytes.Contains(text, []byte(p.Card))
}

// key reads facility and card.
func (p Parts) key(text []byte) (string, error) {
	text, ok := bytes.CutPrefix(text, []byte(p.Facility))
	if !ok {
		return "", fmt.Errorf("read line: %w", errDigits)
	}
	before, after, _ := bytes.Cut(text, []byte(p.Card))
	facility, okFacility := part(before)
	card, okCard := part(after)
	if !okFacility || !okCard {
		return "", fmt.Errorf("read line: %w", errDigits)
	}
	return credential.FromParts(p.Bits, facility, card)
}

// part reads a decimal number.
func part(text []byte) (n uint64, ok bool) {
	if len(text) > longestPart || !decimal(text) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text), 10, 64)
	return n, err == nil
}

// decimal reports whether text is made of decimal digits, unlike strconv without a sign.
func decimal(text []byte) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(text) > 0
}
