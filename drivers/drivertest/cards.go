package drivertest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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

// damage flips a bit in the first frame of a card. It may be read from another frame, or asked for again; it never is
// another card.
func damage(t testing.TB, r Rig) {
	if r.Unchecked {
		return
	}
	s := newStriker(r.CardOctets, flip)
	b := newBench(t, r, setting{wire: s.wire})
	defer b.end()
	s.arm()
	b.device.Present(0)
	b.seen("the damaged frame left the device", s.struck)
	b.device.Present(1)
	got, want := []string{b.take().Credential}, r.Cards[1:2]
	if got[0] == r.Cards[0] {
		got, want = append(got, b.take().Credential), r.Cards[:2]
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("reads after a damaged frame of the first card (-want +got):\n%s", d)
	}
	b.nothing(watchFor)
}
