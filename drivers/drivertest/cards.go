package drivertest

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// eachOnce presents cards one after the other.
func eachOnce(t testing.TB, r Rig) {
	b := newBench(t, r, setting{})
	defer b.end()
	for _, i := range []int{0, 1, 2, 3} {
		b.device.Present(i)
		b.want(i)
	}
	b.nothing(watchFor)
}

// pieces lets frames arrive one octet at a time, and in pieces of one to three.
func pieces(t testing.TB, r Rig) {
	for _, pattern := range [][]int{{1}, {1, 3, 2, 1, 2, 3, 3}} {
		w := newTearer(r.CardOctets, pattern)
		b := newBench(t, r, setting{wire: w.wire})
		w.armed.Store(true)
		for _, i := range []int{0, 1, 2} {
			b.insist(i)
			b.want(i)
		}
		b.nothing(watchFor)
		b.end()
	}
}

// insist holds a card to the reader until it is read or comes too late. Noise may spoil a frame, a busy machine may tear
// one for good, and a device that is not asked does not send it again by itself.
func (b *bench) insist(i int) {
	b.t.Helper()
	taps := b.status().Counts.Taps
	b.device.Present(i)
	if b.status().Supervised {
		return
	}
	again := time.NewTicker(b.patience / 20)
	defer again.Stop()
	b.until("a card is read", func() bool {
		select {
		case <-again.C:
			b.device.Present(i)
		default:
		}
		return b.status().Counts.Taps > taps
	})
}

// noise puts octets that belong to no frame around each frame: all cards arrive all the same, and the noise is counted.
func noise(t testing.TB, r Rig) {
	every := 1
	if r.Bare {
		every = 2
	}
	b := newBench(t, r, setting{wire: noisy(every)})
	defer b.end()
	for _, i := range []int{0, 1, 2, 3} {
		b.insist(i)
		b.want(i)
	}
	b.nothing(watchFor)
	b.until("noise is counted", func() bool { return b.bus.Line().Noise > 0 })
}

// wholeFrames come between two damaged ones.
const wholeFrames = 4

// damage flips one bit in each octet of a card's frame in turn, or in every third, where each costs a question. The card may be read from another frame, or asked for
// again; it never is another card. Some whole frames come between two damaged ones, so that no reader is taken for lost.
func damage(t testing.TB, r Rig) {
	if r.Unchecked {
		return
	}
	f := &flipper{length: 1}
	s := newStriker(r.CardOctets, f.flip)
	b := newBench(t, r, setting{wire: s.wire})
	defer b.end()
	b.bus.Show(r.Reader, drivers.Ready)
	p := b.polled()
	if p != nil {
		p.Stick(0)
	}
	step := 1
	if p != nil {
		step = 3
	}
	for ; f.at < f.length; f.at += step {
		b.awaitUp()
		s.arm()
		if p == nil {
			for range 1 + wholeFrames {
				b.device.Present(0)
			}
		}
		b.wantOnly(0, b.takeUntil("the damaged frame left the device", s.struck))
		for range wholeFrames {
			b.wantOnly(0, b.takeUntil("a whole frame left the device", s.spared))
		}
	}
	b.exchange()
	for read := b.take(); read.Credential != r.Cards[1]; read = b.take() {
		b.wantOnly(0, []drivers.Read{read})
	}
	b.nothing(watchFor)
}

// wantOnly complains of reads of any other card.
func (b *bench) wantOnly(card int, reads []drivers.Read) {
	b.t.Helper()
	for _, read := range reads {
		if read.Credential != b.Cards[card] {
			b.t.Errorf("Read = %+v of a damaged frame, want none but of %s", read, b.Cards[card])
		}
	}
}
