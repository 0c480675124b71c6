package drivertest

import (
	"bytes"
	"testing"
)

func TestGarble(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, tt := range []struct {
		name         string
		octets       []byte
		sends, hears int
		want         []byte
	}{
		{"the same speed", all, 9600, 9600, all},
		// On the wire: 0, then 00111111 from the lowest bit, then 1. At twice the speed each is seen twice.
		{"twice as fast", []byte{0xFC}, 9600, 19200, []byte{0xE0}},
		// 0, then 00001111, then 1: ten times low is a start, eight zeros, and no stop.
		{"twice as fast, no stop bit", []byte{0xF0}, 9600, 19200, nil},
		// The same as the first, seen in the middle of each second bit: at 1 low, at 3, 5, 7 and ever after high.
		{"half as fast", []byte{0xFC}, 9600, 4800, []byte{0xFF}},
		// 0, then 11111111, then 1: over before the middle of a start bit.
		{"half as fast, no start bit", []byte{0xFF}, 9600, 4800, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := garble(tt.octets, tt.sends, tt.hears); !bytes.Equal(got, tt.want) {
				t.Errorf("heard % X, want % X", got, tt.want)
			}
		})
	}
}
