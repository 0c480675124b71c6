package writer

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/clock"
)

// The pace of heartbeats.
const (
	BeatEvery = time.Minute
	beatLook  = time.Second // how soon a clock that was set, or a new timetable, is noticed
	beatFirst = 3 * time.Second
)

// Heartbeats write what the gateway's points could hear. Every and Now may be zero: BeatEvery, and the clock's own.
type Heartbeats struct {
	Clock  *clock.Clock
	Append func(contract.Record) (contract.TapID, error)
	// Heard returns, once every tap heard up to at has been answered, which points could hear during the whole of since..at.
	Heard func(ctx context.Context, since, at time.Time) map[string]bool
	// Shut is when, after last, the next register closes; it may be nil.
	Shut  func(last time.Time) (time.Time, bool)
	Every time.Duration
	Now   func() time.Time // moments of this process, for Clock and Heard
	Log   *slog.Logger
}

// Run writes a heartbeat every minute and right after a register closes, until ctx ends. Each begins where the one before
// ended, so that together they speak of all the time this gateway was running; one that could not be kept leaves its
// interval to the next. Across a clock that was set no interval has a length anyone knows: it begins anew there.
func (h Heartbeats) Run(ctx context.Context) error {
	since, stepped := h.Moment(), h.Clock.Stepped()
	// No reader is up at the very start, so the first interval has nobody's word: it is kept short.
	tried := since.Stamp.At.Add(beatFirst - h.every())
	for {
		now := h.Moment()
		if n := h.Clock.Stepped(); n != stepped || since.apart(now) > beatLook {
			since, tried, stepped = now, now.Stamp.At, n
		}
		if left := h.next(tried).Sub(now.Stamp.At); left > 0 {
			if !sleep(ctx, min(left, beatLook)) {
				return nil
			}
			continue
		}
		tried = now.Stamp.At
		if err := h.Keep(ctx, since, now); err != nil {
			h.Log.Error("heartbeat not kept", slog.Any("error", err))
			continue
		}
		since = now
	}
}

func (h Heartbeats) every() time.Duration { return cmp.Or(h.Every, BeatEvery) }

// Moment is a moment of this process with its stamp.
type Moment struct {
	At    time.Time
	Stamp contract.Stamp
}

// Moment is this moment.
func (h Heartbeats) Moment() Moment {
	now := h.Clock.Now
	if h.Now != nil {
		now = h.Now
	}
	at := now()
	return Moment{at, h.Clock.Stamp(at)}
}

// apart is how far the time of day moved otherwise than time went by.
func (m Moment) apart(then Moment) time.Duration {
	return (then.Stamp.At.Sub(m.Stamp.At) - (then.Stamp.Uptime - m.Stamp.Uptime)).Abs()
}

// next is when the heartbeat after the one at last is due.
func (h Heartbeats) next(last time.Time) time.Time {
	due := last.Add(h.every())
	if h.Shut != nil {
		if shut, ok := h.Shut(last); ok && shut.Before(due) {
			return shut
		}
	}
	return due
}

// Keep states which points could hear during the whole of since..at. Its place in the journal is what makes it true: every tap
// heard up to at by a reader it speaks for has been answered, and so has a number. The stamps are those that were read then: the next
// heartbeat begins at the same nanosecond.
func (h Heartbeats) Keep(ctx context.Context, since, at Moment) error {
	beat := &contract.Heartbeat{Since: since.Stamp.At}
	for point, up := range h.Heard(ctx, since.At, at.At) {
		beat.Points = append(beat.Points, contract.PointState{Point: point, Up: up})
	}
	slices.SortFunc(beat.Points, func(a, b contract.PointState) int { return cmp.Compare(a.Point, b.Point) })
	if _, err := h.Append(contract.Record{Stamp: at.Stamp, Heartbeat: beat}); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
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
