package drivertest

import (
	"testing"
	"time"
)

// endsWithin is how soon a driver must have put its lights off and returned; the best of several tries counts, so
// that a busy machine does not decide.
const (
	endsWithin = 250 * time.Millisecond
	endTries   = 5
)

// state is a way to take a driver somewhere, over a wire of its own if it is not nil.
type state func() (w wire, reach func(*bench))

// endsInTime takes the driver to a state and stops it there.
func endsInTime(t testing.TB, r Rig, s state) {
	best := time.Hour
	for range endTries {
		best = min(best, endsOnce(t, r, s))
		if best <= endsWithin {
			return
		}
	}
	t.Errorf("Run returned %v after its context ended, want %v at most", best, endsWithin)
}

func endsOnce(t testing.TB, r Rig, s state) time.Duration {
	w, reach := s()
	b := newBench(t, r, setting{wire: w})
	defer b.end()
	reach(b)
	return b.stop()
}

func endsIdle(t testing.TB, r Rig) {
	endsInTime(t, r, func() (wire, func(*bench)) {
		return nil, func(b *bench) {
			b.device.Present(0)
			b.want(0)
		}
	})
}

func endsWithCard(t testing.TB, r Rig) {
	endsInTime(t, r, func() (wire, func(*bench)) {
		return nil, func(b *bench) {
			b.device.Present(0)
			b.until("a card is read", func() bool { return b.status().Counts.Taps > 0 })
		}
	})
}

func endsUnplugged(t testing.TB, r Rig) {
	endsInTime(t, r, func() (wire, func(*bench)) { return nil, (*bench).pull })
}

func endsInFrame(t testing.TB, r Rig) {
	endsInTime(t, r, func() (wire, func(*bench)) {
		s := newStriker(r.CardOctets, cut)
		return s.wire, func(b *bench) {
			s.arm()
			b.device.Present(0)
			b.seen("half of a frame left the device", s.struck)
			b.until("the driver has it", b.cable.Taken)
			b.nothing(watchFor) // from the tty to the part that looks for frames
		}
	})
}

func endsWithStuckCard(t testing.TB, r Rig) {
	endsInTime(t, r, func() (wire, func(*bench)) {
		f := newFlood(r.CardOctets)
		return f.wire, func(b *bench) {
			b.stick(f)
			b.want(0)
			b.until("a repeat is counted", func() bool { return b.status().Counts.Repeats > 0 })
		}
	})
}
