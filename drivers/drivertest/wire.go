package drivertest

import (
	"io"
	"sync/atomic"
	"time"
)

// A byte takes about this long at 9600 baud; the wire that tears frames keeps to it.
const octetEvery = time.Millisecond

// torn writes one octet at a time, as a slow line delivers them.
func torn(line io.ReadWriter) io.ReadWriter { return tearer{line} }

type tearer struct{ io.ReadWriter }

func (w tearer) Write(octets []byte) (int, error) {
	tick := time.NewTicker(octetEvery)
	defer tick.Stop()
	for i := range octets {
		if _, err := w.ReadWriter.Write(octets[i : i+1]); err != nil {
			return i, err
		}
		<-tick.C
	}
	return len(octets), nil
}

// static is what a bad line puts before a frame: idle marks, start octets with headers that promise long frames, digits.
var static = []byte{0x00, 0xFF, 0x53, 0x81, 0x20, 0x00, 0x05, 0x02, 0x31, 0x53, 0x01, 0xFE}

// noisy writes static before each write.
func noisy(line io.ReadWriter) io.ReadWriter { return staticWire{line} }

type staticWire struct{ io.ReadWriter }

func (w staticWire) Write(octets []byte) (int, error) {
	if _, err := w.ReadWriter.Write(append(append([]byte(nil), static...), octets...)); err != nil {
		return 0, err
	}
	return len(octets), nil
}

// cutter, once armed, writes half of the next frame that carries a card, and then nothing.
type cutter struct {
	octets int           // of a frame that carries a card, at least
	cut    chan struct{} // closed after the half was written
	armed  atomic.Bool
}

func newCutter(octets int) *cutter { return &cutter{octets: octets, cut: make(chan struct{})} }

func (c *cutter) wire(line io.ReadWriter) io.ReadWriter { return &cutWire{line, c} }

type cutWire struct {
	io.ReadWriter
	*cutter
}

func (w *cutWire) Write(octets []byte) (int, error) {
	if len(octets) < w.octets || !w.armed.CompareAndSwap(true, false) {
		return w.ReadWriter.Write(octets)
	}
	defer close(w.cut)
	if _, err := w.ReadWriter.Write(octets[:len(octets)/2]); err != nil {
		return 0, err
	}
	return 0, io.ErrClosedPipe
}
