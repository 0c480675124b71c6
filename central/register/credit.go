package register

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// credit assigns the student's taps, in order of time, to sessions: one tap credits one session, and a session is credited
// once, by its earliest tap (W-1). The result maps places in sessions to taps.
func credit(sessions []Session, taps []Tap) map[int]*Tap {
	ordered := slices.Clone(taps)
	slices.SortFunc(ordered, func(a, b Tap) int {
		return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.ID.Stream[:], b.ID.Stream[:]), cmp.Compare(a.ID.Seq, b.ID.Seq))
	})
	ordered = slices.CompactFunc(ordered, func(a, b Tap) bool { return a.ID == b.ID }) // told twice is one tap
	credited := make(map[int]*Tap)
	for i := range ordered {
		if s, ok := choose(sessions, credited, &ordered[i]); ok {
			credited[s] = &ordered[i]
		}
	}
	return credited
}

// choose is W-1 for several sessions open at once: among those not yet credited, one in progress with the latest start, else
// one not yet started with the earliest start, else one already over (its window may close after its end) with the latest
// start; the identifier decides between equals, so that the order of facts never does.
func choose(sessions []Session, credited map[int]*Tap, tap *Tap) (int, bool) {
	best := -1
	for i := range sessions {
		s := &sessions[i]
		if credited[i] != nil || s.Cancelled || !slices.Contains(s.Rooms, tap.Room) || !open(s, tap.At) {
			continue
		}
		if best < 0 || preferred(s, &sessions[best], milli(tap.At)) {
			best = i
		}
	}
	return best, best >= 0
}

// open compares whole milliseconds, in which windows are stated: 10:00:00.000 is inside a window that closes at 10:00.
func open(s *Session, at time.Time) bool {
	t := milli(at)
	return t >= milli(s.OpensAt) && t <= milli(s.ClosesAt)
}

func preferred(a, b *Session, at int64) bool {
	pa, pb := phase(a, at), phase(b, at)
	if pa != pb {
		return pa < pb
	}
	byStart := milli(a.StartsAt) - milli(b.StartsAt)
	if byStart == 0 {
		return a.ID < b.ID
	}
	if pa == toCome {
		return byStart < 0
	}
	return byStart > 0
}

const (
	inProgress = iota
	toCome
	over
)

func phase(s *Session, at int64) int {
	switch {
	case at < milli(s.StartsAt):
		return toCome
	case at <= milli(s.EndsAt):
		return inProgress
	default:
		return over
	}
}

func milli(t time.Time) int64 { return t.UnixMilli() }
