package gateway

import (
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/writer"
)

func (g *Gateway) heartbeats() writer.Heartbeats {
	return writer.Heartbeats{Clock: g.clock, Append: g.writer.Append, Heard: g.capture.Heard, Shut: g.nextShut, Log: g.log}
}

// nextShut is when the next register closes after last, by the timetable.
func (g *Gateway) nextShut(last time.Time) (time.Time, bool) {
	x := g.timetable.Index()
	if x == nil {
		return time.Time{}, false
	}
	return x.NextShut(last)
}

// keepAnchor writes down that time was gained.
func (g *Gateway) keepAnchor(a contract.Anchor) error {
	if _, err := g.writer.Append(contract.Record{Stamp: g.clock.Stamp(g.clock.Now()), Anchor: &a}); err != nil {
		g.log.Error("anchor not kept", slog.Any("error", err)) // watchStorage ends the gateway when the disk failed
	}
	return nil
}
