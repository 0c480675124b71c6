package gateway

import (
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// lights says what readers show between taps (W-2): amber while no tap can be kept, blue while a register is open.
type lights struct{ g *Gateway }

// Steady implements capture.Lights.
func (l lights) Steady(point string, now time.Time) drivers.Signal {
	if l.g.journal.Usable() != nil {
		return drivers.Fault
	}
	if x := l.g.timetable.Index(); x != nil && x.IsOpen(point, l.g.clock.TimeOf(now)) {
		return drivers.Ready
	}
	return drivers.Off
}

// Next implements capture.Lights.
func (l lights) Next(now time.Time) (time.Time, bool) {
	x := l.g.timetable.Index()
	if x == nil {
		return time.Time{}, false
	}
	of := l.g.clock.TimeOf(now)
	edge, ok := x.NextEdge(of)
	return now.Add(edge.Sub(of)), ok
}

// Changed implements capture.Lights.
func (l lights) Changed() <-chan struct{} { return l.g.timetable.Changed() }
