package rules

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/register"
)

// periods are those of a kind, such as calendar months, in which the student had contacts and that are over.
func (s Student) periods(of func(first, last calendar.Day) []calendar.Span) []*engagement.Period {
	first, last, ok := s.expected()
	if !ok || first.After(s.AsOf) {
		return nil
	}
	all := s.Split(of(calendar.DayOf(first), calendar.DayOf(sooner(last, s.AsOf))))
	var over []*engagement.Period
	for i := range all {
		if p := &all[i]; len(p.Contacts) > 0 && !p.Over().After(s.AsOf) {
			over = append(over, p)
		}
	}
	return over
}

// expected is when something was expected of the student first and last.
func (s Student) expected() (first, last time.Time, ok bool) {
	for i := range s.Contacts {
		c := &s.Contacts[i]
		if first.IsZero() || c.StartsAt.Before(first) {
			first = c.StartsAt
		}
		if c.StartsAt.After(last) {
			last = c.StartsAt
		}
	}
	return first, last, !first.IsZero()
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// missed are the sessions of some periods that were missed without authorisation, as evidence, and the day on which the last of
// them was known to be; the first day of all if none was.
func missed(periods ...*engagement.Period) (evidence []string, known calendar.Day) {
	var a absent
	for _, p := range periods {
		for i := range p.Contacts {
			if c := &p.Contacts[i]; c.Kind == engagement.Session {
				a.add(c)
			}
		}
	}
	return a.ids, calendar.DayOf(a.known)
}

// absent are contacts that were missed without authorisation, and when the last of them was known to be.
type absent struct {
	ids   []string
	known time.Time
}

func (a *absent) add(c *engagement.Contact) {
	if c.Code != register.Absent {
		return
	}
	a.ids = append(a.ids, c.ID)
	if c.KnownAt.After(a.known) {
		a.known = c.KnownAt
	}
}

// considered is the first day on which something can be considered: that on which it was met, or the later one on which it was
// known. The sources count days from that on which people considered it, which is never before.
func considered(met time.Time, known calendar.Day) calendar.Day {
	if day := calendar.DayOf(met); known.Before(day) {
		return day
	}
	return known
}

// rate says a rate that was taken at best.
func rate(best engagement.Tally, unknown int64, unit string) string {
	said := fmt.Sprintf("%d of %d %s attended (%d.%d %%)", best.Attended, best.Counted, unit, best.Permille()/10, best.Permille()%10)
	if unknown > 0 {
		said += fmt.Sprintf(", taking %d that are not known for attended", unknown)
	}
	return said
}
