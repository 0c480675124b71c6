package register

import (
	"cmp"
	"slices"
	"time"
)

// Coverage is what heartbeats prove about rooms: until when each reader's taps are all here, and when readers were working.
type Coverage map[string]RoomCoverage // by room

// RoomCoverage is what is known of the points of one room.
type RoomCoverage []PointCoverage

// PointCoverage is what is known of one point.
type PointCoverage struct {
	Point      string
	HeardUntil time.Time  // every tap of the point up to here is among the facts; zero if it was never heard of
	Working    []Interval // when its reader was able to hear taps
	Lacking    []Interval // when it may have heard taps that are not here, though later ones are: its gateway began another stream
	Exit       bool       // it hears people leave, and nobody arrive
}

// Interval is a time with both ends included.
type Interval struct{ From, To time.Time }

// complete tells whether silence in the rooms of p means absence (G-3): every point has delivered past the close of the
// window, and for enough of the window some reader was working in each room that has any, for nobody can tell in which of them the
// student was. The points of rooms that the session was moved out of must have delivered for as long as a tap there counts.
// The sentence says which, and what is missing.
func (c Coverage) complete(p *place) (bool, string) {
	minPercent := p.policy.Marking.MinCoverage
	if late := c.behind(p.Rooms, p.ClosesAt); late != "" {
		return false, late
	}
	if late := c.behind(p.oldRooms, p.oldUntil); late != "" {
		return false, late
	}
	if lacking := c.lacking(p); lacking != "" {
		return false, lacking
	}
	readers := false
	for _, room := range p.Rooms {
		share, hears := c.share(room, p.OpensAt, p.ClosesAt)
		readers = readers || hears
		if hears && share < minPercent*10 {
			return false, shareSentence(room, share, minPercent)
		}
	}
	if !readers {
		return false, "No tap, and no reader is known for this session's rooms; staff must close the register"
	}
	return true, "No tap; the readers were working and everything they heard is here"
}

// share is how much of from..to some reader of a room was working, in thousandths; hears is false for a room that has none.
// Where people leave nobody is expected to tap.
func (c Coverage) share(room string, from, to time.Time) (share int64, hears bool) {
	var working []Interval
	for _, point := range c[room] {
		if !point.Exit {
			hears = true
			working = append(working, within(point.Working, from, to)...)
		}
	}
	return covered(working, from, to), hears
}

// behind says which point has not delivered up to an instant; "" if all have.
func (c Coverage) behind(rooms []string, until time.Time) string {
	for _, room := range rooms {
		for _, p := range c[room] {
			if p.HeardUntil.Before(until) {
				return notHeard(p, room)
			}
		}
	}
	return ""
}

// lacking says which point heard taps in the window that are not here; "" if none did.
func (c Coverage) lacking(p *place) string {
	for _, room := range slices.Concat(p.Rooms, p.oldRooms) {
		for _, point := range c[room] {
			if some := within(point.Lacking, p.OpensAt, p.ClosesAt); len(some) > 0 {
				return lackingSentence(point.Point, room, some[0])
			}
		}
	}
	return ""
}

// within are the intervals that have a part in from..to: of a year's, a few.
func within(intervals []Interval, from, to time.Time) (some []Interval) {
	for _, i := range intervals {
		if i.To.After(from) && i.From.Before(to) {
			some = append(some, i)
		}
	}
	return some
}

// covered is the share of from..to in which at least one interval holds, in thousandths, rounded down. It puts them
// in order.
func covered(intervals []Interval, from, to time.Time) int64 {
	whole := milli(to) - milli(from)
	if whole <= 0 {
		return 1000
	}
	slices.SortFunc(intervals, func(a, b Interval) int { return cmp.Compare(milli(a.From), milli(b.From)) })
	var sum int64
	reached := milli(from)
	for _, i := range intervals {
		start, end := max(milli(i.From), reached), min(milli(i.To), milli(to))
		if end > start {
			sum += end - start
			reached = end
		}
	}
	return sum * 1000 / whole
}
