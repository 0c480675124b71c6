package drivertest

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// backPressure presents cards while nobody takes any: a reader that is asked is asked for no more, lights are still
// shown, and all cards arrive in the end, in order.
func backPressure(t testing.TB, r Rig) {
	b := newBench(t, r, setting{})
	defer b.end()
	b.bus.Show(r.Reader, drivers.Ready)
	b.shows(drivers.Ready)
	for _, i := range []int{0, 1, 2, 3} {
		b.device.Present(i)
	}
	b.until("a card is read", func() bool { return b.status().Counts.Taps > 0 })
	if p := b.polled(); p != nil {
		b.unasked(p)
	}
	b.bus.Show(r.Reader, drivers.Accepted)
	b.shows(drivers.Accepted)
	b.want(0, 1, 2, 3)
	b.nothing(watchFor)
}

// unasked watches for a question that must not come while a card waits.
func (b *bench) unasked(p Polled) {
	b.t.Helper()
	b.until("the waiting card is counted", func() bool { return b.status().Counts.Waits > 0 })
	before := p.Asked()
	time.Sleep(watchFor)
	if asked := p.Asked() - before; asked > 0 {
		b.t.Errorf("the device was asked for cards %d times while one waited", asked)
	}
	if taps := b.status().Counts.Taps; taps != 1 {
		b.t.Errorf("Counts.Taps = %d while the first card waits, want 1", taps)
	}
}
