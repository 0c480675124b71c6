package rules

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// silence is how long nothing has been seen of a student.
type silence struct {
	since calendar.Day // of the last sign of them
	day   calendar.Day // that is looked at, at its first instant
	days  int          // from since to day, without those that are left out
}

// shortest is between two signs that no rule calls silence: what is shorter reaches at most six days into the week.
const shortest = (policy.LeastSilence - 1) * 24 * time.Hour

// silences looks at every day of each silence between two signs, in order, and at those of the one that lasts. The
// signs are in order. look tells whether the silence is to be looked at further. What the first instant of a day meets, a sign of that day does not undo.
func (s Student) silences(signs []time.Time, leftOut func(calendar.Day) bool, look func(silence) (further bool)) {
	today := calendar.DayOf(s.AsOf)
	for i, sign := range signs {
		if sign.After(s.AsOf) {
			return
		}
		last := today
		if i+1 < len(signs) && signs[i+1].Before(s.AsOf) {
			if signs[i+1].Sub(sign) < shortest {
				continue
			}
			last = calendar.DayOf(signs[i+1])
		}
		q := silence{since: calendar.DayOf(sign)}
		for q.day = q.since.Add(1); !last.Before(q.day); q.day = q.day.Add(1) {
			if leftOut(q.day) {
				continue
			}
			if q.days++; !look(q) {
				break
			}
		}
	}
}

// begin puts before the signs the moment from which a student who was never seen is looked for: when something was expected of
// them first.
func (s Student) begin(signs []time.Time) []time.Time {
	first, _, ok := s.expected()
	if !ok || len(signs) > 0 && !signs[0].After(first) {
		return signs
	}
	return slices.Insert(signs, 0, first)
}

// seen reports whether a contact is a sign of the student, or may be one: what is not known stops the clock (G-3).
func seen(c *engagement.Contact) bool {
	switch c.Code {
	case register.Present, register.Late, register.Remote, register.Unknown:
		return true
	}
	return false
}

// heard reports whether everything of some kinds that happened before a day is known. Only a feed can say so: what comes as a
// file and has none is not known at all (G-3).
func (s Student) heard(kinds []string, before calendar.Day) bool {
	for _, kind := range kinds {
		if s.Known[engagement.Kind(kind)].Before(before.Add(-1).Ends()) {
			return false
		}
	}
	return true
}

// absentIn are the contacts that ended in a span and were missed.
func (s Student) absentIn(in calendar.Span) absent {
	from, over := in.Starts(), in.Over()
	ends := func(c engagement.Contact, t time.Time) int { return c.EndsAt.Compare(t) }
	first, _ := slices.BinarySearchFunc(s.Contacts, from, ends)
	last, _ := slices.BinarySearchFunc(s.Contacts, over, ends)
	var a absent
	for i := first; i < last; i++ {
		a.add(&s.Contacts[i])
	}
	return a
}
