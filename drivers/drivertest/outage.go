package drivertest

import "testing"

// unplugged loses the line in the middle of a card: that card is not read, and the next one through the new line is.
func unplugged(t testing.TB, r Rig) {
	s := newStriker(r.CardOctets, cut)
	b := newBench(t, r, setting{wire: s.wire})
	defer b.end()
	s.arm()
	b.device.Present(0)
	b.seen("half of a frame left the device", s.struck)
	b.pull()
	b.plug()
	b.device.Present(1)
	b.want(1)
	b.device.Present(2)
	b.want(2)
	b.nothing(watchFor)
}

// questions is how many a reader that runs at another speed fails to answer before its state is looked at.
const questions = 3

// wrongSpeed runs the device at another speed than the line until somebody turns its switch.
func wrongSpeed(t testing.TB, r Rig) {
	b := newBench(t, r, setting{baud: otherThan(r.Baud)})
	defer b.end()
	b.until("the line is open", func() bool { return b.bus.Line().Up })
	if b.status().Supervised {
		b.until("failures are counted", func() bool { return b.status().Counts.Failures >= questions })
		if s := b.status(); s.Up || s.Trouble == "" || !s.HeardAt.IsZero() {
			t.Errorf("Status at the wrong speed = %+v, want down, with trouble, and nothing heard", s)
		}
	} else {
		b.device.Present(0)
	}
	b.until("the device has spoken at the wrong speed", func() bool { return b.rate.garbled.Load() > 0 })
	b.nothing(watchFor)

	b.rate.set(r.Baud)
	b.awaitUp()
	b.insist(1)
	b.want(1)
	b.until("noise is counted", func() bool { return b.bus.Line().Noise > 0 })
	b.nothing(watchFor)
}
