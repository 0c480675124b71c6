package osdp

import (
	"encoding/binary"
	"slices"
)

// Identity is what a reader says of itself in PDID.
type Identity struct {
	Vendor   [3]byte // IEEE OUI
	Model    byte
	Version  byte
	Serial   uint32
	Firmware [3]byte // major, minor, build
}

func (i Identity) encode() []byte {
	b := append(i.Vendor[:len(i.Vendor):len(i.Vendor)], i.Model, i.Version)
	b = binary.LittleEndian.AppendUint32(b, i.Serial)
	return append(b, i.Firmware[:]...)
}

// Capability is one line of PDCAP: what the reader can do, how well, how many.
type Capability struct{ Function, Compliance, Count byte }

// capabilities are those asked for or, by the function codes of SIA OSDP v2.2 annex B, those of this simulator.
func (p *PD) capabilities() []Capability {
	o := p.options
	if o.Capabilities != nil {
		return o.Capabilities
	}
	c := []Capability{
		{3, 1, 0},                               // card data as an array of bits
		{4, 4, 1},                               // one LED: on and off, timed, two and more colours
		{5, 2, 1},                               // a timed buzzer
		{8, flag(!o.Checksum), 0},               // CRC-16
		{9, flag(p.capable()), flag(p.install)}, // AES-128; the key everybody knows
		{10, byte(MaxFrame & 0xFF), MaxFrame >> 8}, // longest frame
		{13, 0, 1}, // one reader
		{16, 2, 0}, // OSDP v2.2
	}
	if o.Outputs > 0 {
		c = append(c, Capability{2, 2, byte(o.Outputs)})
	}
	if o.Display {
		c = append(c, Capability{6, 1, 1})
	}
	return c
}

func encodeCapabilities(list []Capability) []byte {
	var b []byte
	for _, c := range list {
		b = append(b, c.Function, c.Compliance, c.Count)
	}
	return b
}

// speeds are those of SIA OSDP v2.2, in baud.
var speeds = []int{9600, 19200, 38400, 57600, 115200, 230400}

// comSet takes the address and speed asked for, each if it is possible, and answers with those in force. They hold
// from the next command on: this reply still goes out the old way.
func (p *PD) comSet(data []byte) []byte {
	if data[0] < Broadcast {
		p.address = data[0]
	}
	if baud := int(binary.LittleEndian.Uint32(data[1:])); slices.Contains(speeds, baud) {
		p.baud = baud
	}
	return binary.LittleEndian.AppendUint32([]byte{p.address}, uint32(p.baud))
}
