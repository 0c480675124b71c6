package ascii

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/rollcall-edge/rollcall/drivers/credential"
)

// Reasons to refuse a line.
var (
	errDigits = errors.New("line is not a number of the configured length")
	errCheck  = errors.New("check of the line is wrong")
)

// reply reports whether a line is what the reader has to say, and no card.
func (f Format) reply(text []byte) bool {
	return slices.ContainsFunc(f.Replies, func(r string) bool { return bytes.HasPrefix(text, []byte(r)) })
}

// key reads what stands between start and end.
func (f Format) key(text []byte) (string, error) {
	switch {
	case f.Parts.written(text):
		return f.Parts.key(text)
	case f.Medium == Wiegand:
		return "", fmt.Errorf("read line: %w", errDigits)
	}
	octets, err := f.octets(text)
	if err != nil {
		return "", err
	}
	switch f.Medium {
	case EM4100:
		return credential.FromEM4100(octets)
	case Raw:
		return credential.FromBits(octets, 8*len(octets))
	}
	return credential.FromUID(octets, f.Order)
}

func (f Format) octets(text []byte) ([]byte, error) {
	if f.Digits == Decimal {
		return f.number(text)
	}
	octets := make([]byte, hex.DecodedLen(len(text)))
	if _, err := hex.Decode(octets, text); err != nil {
		return nil, fmt.Errorf("read line: %w", errDigits)
	}
	if f.Check == XOR {
		number, ok := unxor(octets)
		if !ok {
			return nil, fmt.Errorf("read line: %w", errCheck)
		}
		octets = number
	}
	if len(octets) == 0 || (f.Octets != 0 && len(octets) != f.Octets) {
		return nil, fmt.Errorf("read line: %w", errDigits)
	}
	return octets, nil
}

// unxor takes the last octet off when it is the exclusive or of the others.
func unxor(octets []byte) (number []byte, ok bool) {
	var x byte
	for _, o := range octets {
		x ^= o
	}
	if len(octets) < 2 || x != 0 {
		return nil, false
	}
	return octets[:len(octets)-1], true
}

// number fills the configured octets from decimal digits, the most significant first.
func (f Format) number(text []byte) ([]byte, error) {
	if !decimal(text) {
		return nil, fmt.Errorf("read line: %w", errDigits)
	}
	n, ok := new(big.Int).SetString(string(text), 10)
	if !ok || n.BitLen() > 8*f.Octets {
		return nil, fmt.Errorf("read line: %w", errDigits)
	}
	return n.FillBytes(make([]byte, f.Octets)), nil
}
