package drivertest

import (
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// A card lies on the reader for longer than any hold-off. A device that pushes sends a frame in each millisecond of
// that; then it sends as many as the line takes, to see whether the driver keeps something of each. A machine that
// stands still for as long as a hold-off makes another tap of the card: that does not happen in each of several tries.
const (
	stuckFor    = 2500 * time.Millisecond
	stuckEvery  = time.Millisecond
	stuckFrames = 20_000
	stuckOctets = 1 << 19 // that may stay in memory
	stuckTries  = 3
)

// stuck leaves a card on the reader, and then another.
func stuck(t testing.TB, r Rig) {
	var more []drivers.Read
	for range stuckTries {
		if more = stuckOnce(t, r); len(more) == 0 {
			return
		}
	}
	t.Errorf("reads of a card that lies on the reader: %+v, want one", more)
}

// stuckOnce tells what was read of the card after the first time.
func stuckOnce(t testing.TB, r Rig) (more []drivers.Read) {
	f := newFlood(r.CardOctets)
	b := newBench(t, r, setting{wire: f.wire})
	defer b.end()
	b.bus.Show(r.Reader, drivers.Ready)
	before := heap()
	b.stick(f)
	b.want(0)
	reports := b.reports(f)
	b.bus.Show(r.Reader, drivers.Accepted)
	b.shows(drivers.Accepted)
	more = b.takeFor(stuckFor)
	if b.reports(f) == reports {
		t.Error("the reader is not listened to while a card lies on it")
	}
	if b.polled() == nil {
		close(f.hurry)
		more = append(more, b.takeUntil("the driver hears all frames", f.done)...)
	}
	if grown := heap() - before; grown > stuckOctets {
		t.Errorf("a card that lies on the reader took %d octets of memory, want %d at most", grown, stuckOctets)
	}
	b.exchange()
	if len(more) == 0 {
		b.want(1)
		b.nothing(watchFor)
	}
	return more
}

// stick leaves card 0 on the reader.
func (b *bench) stick(f *flood) {
	b.t.Helper()
	if p := b.polled(); p != nil {
		p.Stick(0)
		return
	}
	f.armed.Store(true)
	b.device.Present(0)
}

// exchange takes it away and brings card 1.
func (b *bench) exchange() {
	b.t.Helper()
	if p := b.polled(); p != nil {
		p.Stick(1)
		return
	}
	b.device.Present(1)
}

// reports tells how often the card was reported.
func (b *bench) reports(f *flood) int {
	b.t.Helper()
	if p := b.polled(); p != nil {
		return p.Asked()
	}
	return int(f.frames.Load())
}

// flood repeats the first frame of a card.
type flood struct {
	octets int // of a frame that carries a card, at least
	armed  atomic.Bool
	frames atomic.Int64
	hurry  chan struct{} // closed for the burst that ends the flood
	done   chan struct{} // closed after it
}

func newFlood(octets int) *flood {
	return &flood{octets: octets, hurry: make(chan struct{}), done: make(chan struct{})}
}

func (f *flood) wire(line *ratedWire) io.ReadWriter { return &floodWire{line, f} }

type floodWire struct {
	io.ReadWriter
	*flood
}

func (w *floodWire) Write(octets []byte) (int, error) {
	if len(octets) < w.octets || !w.armed.CompareAndSwap(true, false) {
		return w.ReadWriter.Write(octets)
	}
	defer close(w.done)
	tick := time.NewTicker(stuckEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.hurry:
			return w.write(octets, stuckFrames)
		case <-tick.C:
		}
		if n, err := w.write(octets, 1); err != nil {
			return n, err
		}
	}
}

func (w *floodWire) write(octets []byte, times int) (int, error) {
	for range times {
		if n, err := w.ReadWriter.Write(octets); err != nil {
			return n, err
		}
		w.frames.Add(1)
	}
	return len(octets), nil
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far from the limit
}
