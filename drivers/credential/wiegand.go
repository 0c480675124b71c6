package credential

import (
	"fmt"
	"math/bits"
)

// layout is a Wiegand format: even parity bit, facility, card, odd parity bit. Even parity covers the parity bit and
// the first covered data bits, odd parity the last covered data bits and its own bit; in 37 bits they share one bit.
type layout struct {
	bits, facility, card, covered int
}

// HID's published formats H10301 and H10304, and the 34-bit format most readers call "Wiegand 34".
var layouts = []layout{
	{bits: 26, facility: 8, card: 16, covered: 12},
	{bits: 34, facility: 16, card: 16, covered: 16},
	{bits: 37, facility: 16, card: 19, covered: 18},
}

// Lengths of bit strings that are kept without a known format. Shorter ones are key presses of Wiegand keypads (4 or
// 8 bits); longer ones than a 10-octet UID are not access numbers met so far.
const (
	shortestRaw = 16
	longestRaw  = 80
)

// FromBits gives the key of n bits, left aligned in data, most significant first, as a Wiegand line carries them. The
// length names the format; one without a known format becomes a raw key. Errors: ErrLength, ErrParity, ErrBlank.
func FromBits(data []byte, n int) (string, error) {
	if n < shortestRaw || n > longestRaw || len(data) != (n+7)/8 {
		return "", fmt.Errorf("read %d card bits in %d octets: %w", n, len(data), ErrLength)
	}
	for _, l := range layouts {
		if l.bits == n {
			return l.key(window(data, 0, n))
		}
	}
	return rawKey(data, n)
}

// FromRaw gives the key of n bits that a reader did not call Wiegand: 32, 56 and 80 bits are a UID in the given
// order, all else is read as FromBits does. Errors: those of FromUID and FromBits.
func FromRaw(data []byte, n int, order Order) (string, error) {
	switch n {
	case 32, 56, 80:
		if len(data) == n/8 {
			return FromUID(data, order)
		}
	}
	return FromBits(data, n)
}

func (l layout) key(frame uint64) (string, error) {
	last := uint64(1)<<l.covered - 1
	first := frame >> (l.bits - 1 - l.covered) // the parity bit and the data bits it covers
	if bits.OnesCount64(first)%2 != 0 || bits.OnesCount64(frame&(last<<1|1))%2 != 1 {
		return "", fmt.Errorf("read wiegand %d: %w", l.bits, ErrParity)
	}
	return l.join(frame>>(1+l.card)&(1<<l.facility-1), frame>>1&(1<<l.card-1))
}

func rawKey(data []byte, n int) (string, error) {
	same := true
	first := window(data, 0, 1)
	for i := range n {
		same = same && window(data, i, 1) == first
	}
	if same {
		return "", fmt.Errorf("read %d card bits: %w", n, ErrBlank)
	}
	clean := append([]byte(nil), data...)
	if spare := len(data)*8 - n; spare > 0 {
		clean[len(clean)-1] &= 0xFF << spare
	}
	return fmt.Sprintf("raw:%d:%X", n, clean), nil
}

// window reads n <= 64 bits of data from bit i on, counted from the most significant bit of the first octet.
func window(data []byte, i, n int) uint64 {
	var v uint64
	for ; n > 0; i, n = i+1, n-1 {
		v = v<<1 | uint64(data[i/8]>>(7-i%8)&1)
	}
	return v
}
