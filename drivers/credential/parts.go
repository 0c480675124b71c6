package credential

import "fmt"

// FromParts gives the key of a Wiegand card whose reader has taken the frame of so many bits apart, checked its parity,
// and tells facility and card. The key is the one that FromBits gives for the frame. Errors: ErrLength for other than
// 26, 34 and 37 bits, ErrRange for a number that the format has no room for, ErrBlank.
func FromParts(bits int, facility, card uint64) (string, error) {
	for _, l := range layouts {
		if l.bits == bits {
			return l.join(facility, card)
		}
	}
	return "", fmt.Errorf("read card of %d bits: %w", bits, ErrLength)
}

// join is the key of the two numbers.
func (l layout) join(facility, card uint64) (string, error) {
	lastFacility, lastCard := uint64(1)<<l.facility-1, uint64(1)<<l.card-1
	switch {
	case facility > lastFacility || card > lastCard:
		return "", fmt.Errorf("read wiegand %d: %w", l.bits, ErrRange)
	case facility == 0 && card == 0, facility == lastFacility && card == lastCard:
		return "", fmt.Errorf("read wiegand %d: %w", l.bits, ErrBlank)
	}
	return fmt.Sprintf("w%d:%d:%d", l.bits, facility, card), nil
}
