package drivertest

import (
	"testing"

	"github.com/rollcall-edge/rollcall/drivers"
)

// status compares what the driver says of itself with what was done to it.
func status(t testing.TB, r Rig) {
	b := newBench(t, r, setting{})
	defer b.end()
	b.beginsWell()
	b.device.Present(0)
	b.heard(b.want(0), 1)
	up := b.status().Since

	b.pull()
	down := b.status()
	if down.Trouble == "" || down.Since.Before(up) {
		t.Errorf("Status while unplugged = %+v, want trouble since the unplug, later than %v", down, up)
	}
	b.until("the line is down, with trouble", func() bool { l := b.bus.Line(); return !l.Up && l.Trouble != "" })

	b.plug()
	if s := b.status(); s.Since.Before(down.Since) || s.Counts.Taps != 1 || s.HeardAt.Before(down.HeardAt) {
		t.Errorf("Status after the replug = %+v, want what was counted before, up since after %v", s, down.Since)
	}
	b.openLine(2)
	b.device.Present(1)
	b.heard(b.want(1), 2)

	b.stop()
	if s, l := b.status(), b.bus.Line(); s.Up || l.Up {
		t.Errorf("after Run: reader %+v, line %+v, want both down", s, l)
	}
}

// beginsWell looks at a reader that is up and has read nothing.
func (b *bench) beginsWell() {
	b.t.Helper()
	s := b.status()
	if s.Reader != b.Reader || s.Since.IsZero() || s.Counts.Taps != 0 || s.Counts.Refused != 0 {
		b.t.Errorf("Status = %+v, want that of %q, up since a time, without cards", s, b.Reader)
	}
	b.openLine(1)
}

// openLine looks at a line that was opened so many times.
func (b *bench) openLine(times uint64) {
	b.t.Helper()
	l := b.bus.Line()
	if !l.Up || l.Since.IsZero() || l.Trouble != "" || l.Reopens != times {
		b.t.Errorf("Line = %+v, want up since a time, without trouble, opened %d times", l, times)
	}
	if l.Bus == "" || l.Driver == "" || l.Device != b.cable.Path || l.Baud != b.Baud {
		b.t.Errorf("Line = %+v, want its names, device %s, baud %d", l, b.cable.Path, b.Baud)
	}
	if asks := l.Exchanges > 0; asks != b.status().Supervised {
		b.t.Errorf("Line.Exchanges = %d of a reader that is asked: %v", l.Exchanges, b.status().Supervised)
	}
}

// heard waits until the status knows of the latest read, and looks at the count.
func (b *bench) heard(r drivers.Read, taps uint64) {
	b.t.Helper()
	b.until("the read is in the status", func() bool {
		s := b.status()
		return s.Counts.Taps == taps && !s.HeardAt.Before(r.HeardAt)
	})
}
