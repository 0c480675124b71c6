// Package acu is the control panel's end of OSDP v2.2 as small as can be: frames with a CRC and one secure channel,
// for tests of the simulated readers. It is written on its own from SIA OSDP v2.2 and shares nothing with them, so that
// each is the other's check. It keeps no time and no line, and it is no driver: the product's own is elsewhere.
package acu

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// What a device can do wrong.
var (
	ErrFrame = errors.New("the octets are not one frame of a device")
	ErrKey   = errors.New("the device does not know the key, or does not believe the panel")
	ErrMAC   = errors.New("the reply is not signed by the device in its turn")
)

// Frame is one message. Block is a security block without its length: type and data, empty when there is none.
type Frame struct {
	Address, Sequence byte
	Block             []byte
	Code              byte
	Data              []byte
	MAC               []byte
}

const crc, secure = 0x04, 0x08 // bits of the control octet

// Octets is the frame on the wire, its mark first.
func (f Frame) Octets() []byte {
	b := append(f.covered(), f.MAC...)
	return binary.LittleEndian.AppendUint16(append([]byte{0xFF}, b...), check(b))
}

// covered is what a MAC is over.
func (f Frame) covered() []byte {
	b := []byte{0x53, f.Address, 0, 0, f.Sequence | crc}
	if len(f.Block) > 0 {
		b[4] |= secure
		b = append(append(b, byte(len(f.Block)+1)), f.Block...)
	}
	b = append(append(b, f.Code), f.Data...)
	size := len(b) + 2
	if f.signed() {
		size += 4
	}
	binary.LittleEndian.PutUint16(b[2:], uint16(size)) //nolint:gosec // tests send nothing so long
	return b
}

func (f Frame) signed() bool { return len(f.Block) > 0 && f.Block[0] >= 0x15 }

// Parse reads one frame of a device, mark first, and nothing else.
func Parse(octets []byte) (Frame, error) {
	b, marked := bytes.CutPrefix(octets, []byte{0xFF})
	if !marked || len(b) < 8 || b[0] != 0x53 || b[1]&0x80 == 0 || int(binary.LittleEndian.Uint16(b[2:])) != len(b) || b[4]&crc == 0 {
		return Frame{}, ErrFrame
	}
	end := len(b) - 2
	if check(b[:end]) != binary.LittleEndian.Uint16(b[end:]) {
		return Frame{}, ErrFrame
	}
	f := Frame{Address: b[1] & 0x7F, Sequence: b[4] & 3}
	rest := b[5:end]
	if b[4]&secure != 0 {
		n := int(rest[0])
		if n < 2 || n >= len(rest) {
			return Frame{}, ErrFrame
		}
		f.Block, rest = rest[1:n], rest[n:]
	}
	if f.signed() {
		if len(rest) < 5 {
			return Frame{}, ErrFrame
		}
		f.MAC, rest = rest[len(rest)-4:], rest[:len(rest)-4]
	}
	f.Code, f.Data = rest[0], rest[1:]
	return f, nil
}

// check is the CRC of a frame, by a table.
func check(octets []byte) uint16 {
	c := uint16(0x1D0F)
	for _, b := range octets {
		c = c<<8 ^ table[byte(c>>8)^b]
	}
	return c
}

var table = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i) << 8
		for range 8 {
			c = c<<1 ^ c>>15*0x1021
		}
		t[i] = c
	}
	return t
}()
