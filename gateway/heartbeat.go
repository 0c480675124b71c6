package gateway

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// The pace of heartbeats.
const (
	beatEvery = time.Minute
	beatLook  = time.Second // how soon a clock that was set, or a new timetable, is noticed
	beatFirst = 3 * time.Second
)

// beat writes a heartbeat every minute and right after a register closes, until ctx ends. Each begins where the one before
// ended, so that together they speak of all the time this gateway was running; one that could not be kept leaves its
// interval to the next. Across a clock that was set no interval has a length anyone knows: it begins anew there.
func (g *Gateway) beat(ctx context.Context) error {
	since, stepped := g.moment(), g.clock.Stepped()
	// No reader is up at the very start, so the first interval has nobody's word: it is kept short.
	tried := since.stamp.At.Add(beatFirst - beatEvery)
	for {
		now := g.moment()
		if n := g.clock.Stepped(); n != stepped || since.apart(now) > beatLook {
			since, tried, stepped = now, now.stamp.At, n
		}
		if left := g.nextBeat(tried).Sub(now.stamp.At); left > 0 {
			if !sleep(ctx, min(left, beatLook)) {
				return nil
			}
			continue
		}
		tried = now.stamp.At
		if err := g.heartbeat(ctx, since, now); err != nil {
			g.log.Error("heartbeat not kept", slog.Any("error", err))
			continue
		}
		since = now
	}
}

// moment is a moment of this process with its stamp.
type moment struct {
	at    time.Time
	stamp contract.Stamp
}

func (g *Gateway) moment() moment {
	now := g.clock.Now()
	return moment{now, g.clock.Stamp(now)}
}

// apart is how far the time of day moved otherwise than time went by.
func (m moment) apart(then moment) time.Duration {
	return (then.stamp.At.Sub(m.stamp.At) - (then.stamp.Uptime - m.stamp.Uptime)).Abs()
}

// nextBeat is when the heartbeat after the one at last is due.
func (g *Gateway) nextBeat(last time.Time) time.Time {
	due := last.Add(beatEvery)
	if x := g.timetable.Index(); x != nil {
		if shut, ok := x.NextShut(last); ok && shut.Before(due) {
			return shut
		}
	}
	return due
}

// heartbeat states which points could hear during the whole of since..at. Its place in the journal is what makes it true:
// capture.Heard returns when every tap heard up to at by a reader it speaks for has been answered, and so has a number. The
// stamps are those that were read then: the next heartbeat begins at the same nanosecond.
func (g *Gateway) heartbeat(ctx context.Context, since, at moment) error {
	h := &contract.Heartbeat{Since: since.stamp.At}
	for point, up := range g.capture.Heard(ctx, since.at, at.at) {
		h.Points = append(h.Points, contract.PointState{Point: point, Up: up})
	}
	slices.SortFunc(h.Points, func(a, b contract.PointState) int { return cmp.Compare(a.Point, b.Point) })
	if _, err := g.append(contract.Record{Stamp: at.stamp, Heartbeat: h}); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	return nil
}

// keepAnchor writes down that time was gained.
func (g *Gateway) keepAnchor(a contract.Anchor) error {
	if _, err := g.append(contract.Record{Stamp: g.clock.Stamp(g.clock.Now()), Anchor: &a}); err != nil {
		g.log.Error("anchor not kept", slog.Any("error", err)) // watchStorage ends the gateway when the disk failed
	}
	return nil
}

// sleep returns false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
