package drivertest

import (
	"testing"

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
		b := newBench(t, r, setting{wire: torn(pattern...)})
		for _, i := range []int{0, 1, 2} {
			b.device.Present(i)
			b.want(i)
		}
		b.nothing(watchFor)
		b.end()
	}
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
		b.present(i)
		b.want(i)
	}
	b.nothing(watchFor)
	b.until("noise is counted", func() bool { return b.bus.Line().Noise > 0 })
}

// present holds a card to the reader, and where noise may spoil a frame, a second time: what is heard twice of the same
// card is one read.
func (b *bench) present(i int) {
	b.device.Present(i)
	if b.Bare {
		b.device.Present(i)
	}
}

// damage flips one bit in each octet of a card's frame in turn. The card may be read from another frame, or asked for
// again; it never is another card. Between two damaged frames is a whole one, so that no reader is taken for lost.
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
	for ; f.at < f.length; f.at++ {
		s.arm()
		if p == nil {
			b.device.Present(0)
			b.device.Present(0)
		}
		b.wantOnly(0, b.takeUntil("the damaged frame left the device", s.struck))
		b.wantOnly(0, b.takeUntil("a whole frame left the device", s.spared))
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
