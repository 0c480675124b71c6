// Package model says which marks follow from what happened at the doors: a second, independent opinion beside central's. It is
// written from the rules W-1, W-2, C-1, G-2, G-3 and G-4 and shares no code with the product; it reads no clock and stores
// nothing.
//
// It is plain on purpose: every question is answered by going through all sessions of a student, and nothing is cached.
package model

import (
	"cmp"
	"slices"
	"time"
)

// The figures of the rules, as the college profile has them.
const (
	opensBefore   = 30 * time.Minute // W-1: a register opens so long before the start, and closes at the end
	presentWithin = 15 * time.Minute // C-1: up to this after the start is P
	lateWithin    = 30 * time.Minute // C-1: and up to this L; later is A
	enoughPermil  = 950              // G-3: share of the window in which a reader must have been working
)

// Session is one dated teaching event.
type Session struct {
	ID         string
	Room       string
	Start, End time.Time
	Cancelled  bool
	Students   []string // who is expected
}

// Opens is the first instant at which a tap counts (W-1).
func (s Session) Opens() time.Time { return s.Start.Add(-opensBefore) }

// Closes is the last instant at which a tap counts (W-1).
func (s Session) Closes() time.Time { return s.End }

// open reports whether the register takes taps at t: a closed interval of milliseconds.
func (s Session) open(t time.Time) bool {
	return !s.Cancelled && ms(t) >= ms(s.Opens()) && ms(t) <= ms(s.Closes())
}

// Tap is a card that a reader heard.
type Tap struct {
	Student string // "" for a card nobody holds
	Room    string
	At      time.Time
}

// Absence is an authorised absence, both ends included.
type Absence struct {
	Student  string
	From, To time.Time
}

// Interval is a time with both ends included.
type Interval struct{ From, To time.Time }

// Coverage is what is known of one room's readers: when they were working, and up to when every tap of theirs is known.
type Coverage struct {
	Working   []Interval
	CompleteT time.Time
}

// World is everything that happened.
type World struct {
	Sessions []Session
	Taps     []Tap
	Absences []Absence
	Rooms    map[string]Coverage
	Now      time.Time
}

// Key names one place in one register.
type Key struct{ Student, Session string }

// Marks gives the code of everybody expected at every session: one of P, L, A, E, X and U (G-2).
func (w World) Marks() map[Key]byte {
	sessionsOf := map[string][]*Session{}
	for i := range w.Sessions {
		for _, student := range w.Sessions[i].Students {
			sessionsOf[student] = append(sessionsOf[student], &w.Sessions[i])
		}
	}
	tapsOf := map[string][]Tap{}
	for _, t := range w.Taps {
		tapsOf[t.Student] = append(tapsOf[t.Student], t)
	}
	marks := map[Key]byte{}
	for student, sessions := range sessionsOf {
		first := credit(sessions, tapsOf[student])
		for _, s := range sessions {
			marks[Key{student, s.ID}] = w.mark(student, s, first[s])
		}
	}
	return marks
}

// mark asks in the order of G-4.
func (w World) mark(student string, s *Session, tap *Tap) byte {
	switch {
	case s.Cancelled:
		return 'X'
	case tap != nil:
		return lateness(s, tap.At)
	case w.excused(student, s):
		return 'E'
	case ms(w.Now) > ms(s.Closes()) && w.complete(s):
		return 'A'
	}
	return 'U'
}

// lateness is C-1.
func lateness(s *Session, at time.Time) byte {
	switch late := ms(at) - ms(s.Start); {
	case late <= presentWithin.Milliseconds():
		return 'P'
	case late <= lateWithin.Milliseconds():
		return 'L'
	}
	return 'A'
}

func (w World) excused(student string, s *Session) bool {
	return slices.ContainsFunc(w.Absences, func(a Absence) bool {
		return a.Student == student && !s.Start.Before(a.From) && !s.End.After(a.To)
	})
}

// complete is G-3: all taps up to the close are known, and the room could hear for nearly all of the window.
func (w World) complete(s *Session) bool {
	c := w.Rooms[s.Room]
	if c.CompleteT.Before(s.Closes()) {
		return false
	}
	// Millisecond by millisecond would be plainest; minute steps of sorted ends are the same and end today.
	var ends []int64
	from, to := ms(s.Opens()), ms(s.Closes())
	for _, i := range c.Working {
		ends = append(ends, clamp(ms(i.From), from, to), clamp(ms(i.To), from, to))
	}
	slices.Sort(ends)
	var heard int64
	for k := 1; k < len(ends); k++ {
		middle := ends[k-1] + (ends[k]-ends[k-1])/2
		if slices.ContainsFunc(c.Working, func(i Interval) bool { return ms(i.From) <= middle && middle <= ms(i.To) }) {
			heard += ends[k] - ends[k-1]
		}
	}
	return heard*1000 >= enoughPermil*(to-from)
}

// credit gives each session its first tap. Taps are taken in order of time; each credits one session at most, and none that
// has a tap already.
func credit(sessions []*Session, taps []Tap) map[*Session]*Tap {
	taps = slices.Clone(taps)
	slices.SortStableFunc(taps, func(a, b Tap) int { return a.At.Compare(b.At) })
	first := map[*Session]*Tap{}
	for i := range taps {
		if s := Choose(sessions, taps[i].Room, taps[i].At, func(s *Session) bool { return first[s] != nil }); s != nil {
			first[s] = &taps[i]
		}
	}
	return first
}

// Choose is W-1 among a student's sessions: of those open in the room and not taken, one in progress with the latest start,
// else the one to come with the earliest start; nil if there is none.
func Choose(sessions []*Session, room string, at time.Time, taken func(*Session) bool) *Session {
	var running, coming []*Session
	for _, s := range sessions {
		switch {
		case s.Room != room || !s.open(at) || taken(s):
		case ms(at) >= ms(s.Start):
			running = append(running, s)
		default:
			coming = append(coming, s)
		}
	}
	byStart := func(a, b *Session) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) }
	if len(running) > 0 {
		latest := slices.MaxFunc(running, func(a, b *Session) int { return a.Start.Compare(b.Start) })
		same := slices.DeleteFunc(running, func(s *Session) bool { return !s.Start.Equal(latest.Start) })
		return slices.MinFunc(same, byStart)
	}
	if len(coming) > 0 {
		return slices.MinFunc(coming, byStart)
	}
	return nil
}

func clamp(v, low, high int64) int64 { return min(max(v, low), high) }

func ms(t time.Time) int64 { return t.UnixMilli() }
