package credential

import (
	"fmt"
	"slices"
)

// Order is the order in which a reader sends the octets of a UID.
type Order uint8

// The orders readers are known to use.
const (
	AsSent   Order = iota // most significant octet first, as ISO/IEC 14443-3 numbers them
	Reversed              // last octet first
)

// randomTag is the first octet of a random 4-octet UID (ISO/IEC 14443-3, single size UID).
const randomTag = 0x08

const em4100Octets = 5

// FromUID gives the key of a 4-, 7- or 10-octet UID. Errors: ErrLength, ErrBlank, ErrRandom.
func FromUID(uid []byte, order Order) (string, error) {
	if n := len(uid); n != 4 && n != 7 && n != 10 {
		return "", fmt.Errorf("read UID of %d octets: %w", n, ErrLength)
	}
	if blank(uid) {
		return "", fmt.Errorf("read UID: %w", ErrBlank)
	}
	if order == Reversed {
		uid = slices.Clone(uid)
		slices.Reverse(uid)
	}
	if len(uid) == 4 && uid[0] == randomTag {
		return "", fmt.Errorf("read UID: %w", ErrRandom)
	}
	return fmt.Sprintf("uid:%X", uid), nil
}

// FromEM4100 gives the key of a 125 kHz EM4100 tag: 5 octets, the customer octet first. Errors: ErrLength, ErrBlank.
func FromEM4100(id []byte) (string, error) {
	if len(id) != em4100Octets {
		return "", fmt.Errorf("read EM4100 identifier of %d octets: %w", len(id), ErrLength)
	}
	if blank(id) {
		return "", fmt.Errorf("read EM4100 identifier: %w", ErrBlank)
	}
	return fmt.Sprintf("em:%X", id), nil
}

// blank reports whether all bits of b are equal.
func blank(b []byte) bool {
	for _, o := range b {
		if o != b[0] {
			return false
		}
	}
	return len(b) == 0 || b[0] == 0x00 || b[0] == 0xFF
}
