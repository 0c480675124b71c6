package reader

import (
	"math/rand/v2"
	"time"
)

// Faults are what goes wrong on a line, each as a share of the frames it could strike (0 never, 1 always).
type Faults struct {
	Deaf  float64 // octets from the host are not heard by any device
	Busy  float64 // an OSDP device answers BUSY and does nothing
	Drop  float64 // a frame of a device is lost
	Flip  float64 // one to three of its bits are wrong
	Noise float64 // other octets precede it, half of them looking like the head of a frame
	Echo  float64 // the host hears its own octets first
	Split float64 // the frame reaches the host in pieces of one to three octets

	SplitGap time.Duration // silence between such pieces, on top of the wire's time
}

// dice decides which fault strikes. It belongs to the goroutine of one line.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0x0053_4449_0000_0001))} } //nolint:gosec // faults must be repeatable

func (d dice) hit(rate float64) bool { return rate > 0 && d.Float64() < rate }

// flip damages one to three bits of a copy of frame.
func (d dice) flip(frame []byte) []byte {
	out := append([]byte(nil), frame...)
	for _, bit := range d.Perm(8 * len(out))[:min(1+d.IntN(3), 8*len(out))] {
		out[bit/8] ^= 1 << (bit % 8)
	}
	return out
}

// osdpHead is the start of an OSDP frame of 64 octets that will not come.
var osdpHead = []byte{0x53, 0x81, 0x40, 0x00}

// noise is up to four octets; half of the time the head of a frame that goes no further follows.
func (d dice) noise(head []byte) []byte {
	out := d.octets(1 + d.IntN(4))
	if d.hit(0.5) {
		out = append(out, head...)
	}
	return out
}

func (d dice) octets(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(d.IntN(256))
	}
	return out
}

// pieces cuts a frame into parts of one to three octets.
func (d dice) pieces(frame []byte) [][]byte {
	var out [][]byte
	for len(frame) > 0 {
		n := min(1+d.IntN(3), len(frame))
		out, frame = append(out, frame[:n]), frame[n:]
	}
	return out
}
