package twn4

import (
	"encoding/hex"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// Bounds on what a host may leave here.
const (
	longestLine  = 1024 // characters
	mostCommands = 16
)

// Hear takes octets from the host, the last of which arrived at now.
func (d *Device) Hear(now time.Time, octets []byte) {
	for _, b := range octets {
		if b != '\r' {
			if len(d.line) <= longestLine {
				d.line = append(d.line, b)
			}
			continue
		}
		if len(d.line) > 0 && len(d.waiting) < mostCommands {
			d.waiting = append(d.waiting, line{now, string(d.line)})
		}
		d.line = d.line[:0]
	}
}

// decode turns a line into octets; false when it is none.
func (d *Device) decode(text string) ([]byte, bool) {
	if len(text) > longestLine {
		return nil, false
	}
	octets, err := hex.DecodeString(text)
	if err != nil || !d.options.CRC {
		return octets, err == nil
	}
	n := len(octets) - 2
	if n < 0 || crc(octets[:n]) != uint16(octets[n])|uint16(octets[n+1])<<8 {
		return nil, false
	}
	return octets[:n], true
}

// encode turns octets into a line.
func (d *Device) encode(octets []byte) []byte {
	if d.options.CRC {
		c := crc(octets)
		octets = append(octets, byte(c), byte(c>>8))
	}
	return []byte(strings.ToUpper(hex.EncodeToString(octets)) + "\r")
}

// crc is that of ISO/IEC 13239 without the final inversion, as section 1.3.3 of the document has it.
func crc(octets []byte) uint16 {
	c := uint16(0xFFFF)
	for _, b := range octets {
		c ^= uint16(b)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0x8408
			} else {
				c >>= 1
			}
		}
	}
	return c
}

// carryOut does what a line says, beginning at now.
func (d *Device) carryOut(now time.Time, text string) {
	d.follow(now)
	octets, ok := d.decode(text)
	if !ok {
		d.broken++
		d.reply(now, 0, []byte{errParser})
		return
	}
	r := d.run(now, octets)
	if r.status != errNone {
		d.broken++
		d.reply(now, 0, []byte{r.status})
		return
	}
	if !r.silent {
		d.reply(now, r.takes, append([]byte{errNone}, r.data...), r.cards...)
	}
}

// reply sends an answer after the time the command takes, during which the reader hears nothing else.
func (d *Device) reply(now time.Time, takes time.Duration, octets []byte, cards ...uint64) {
	if d.options.Instant {
		takes = 0
	}
	d.free = now.Add(takes)
	d.answers = append(d.answers, answer{d.free, solo.Frame{Octets: d.encode(octets), Answer: true, Cards: cards}})
}
