package rules

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/register"
)

// period is a stretch of days that is over, with what was expected in it.
type period struct {
	calendar.Span
	engagement.History
}

// periods are those of a kind, such as calendar months, in which the student had contacts and that are over.
func (s Student) periods(of func(first, last calendar.Day) []calendar.Span) []period {
	first, last, ok := s.expected()
	if !ok || first.After(s.AsOf) {
		return nil
	}
	spans := of(calendar.DayOf(first), calendar.DayOf(sooner(last, s.AsOf)))
	var periods []period
	for i, h := range s.Split(spans) {
		if len(h.Contacts) > 0 && !spans[i].Over().After(s.AsOf) {
			periods = append(periods, period{spans[i], h})
		}
	}
	return periods
}

// expected is when something was expected of the student first and last.
func (s Student) expected() (first, last time.Time, ok bool) {
	for _, c := range s.Contacts {
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
// them was known to be.
func missed(periods ...period) (evidence []string, known calendar.Day) {
	var sessions []engagement.Contact
	for _, p := range periods {
		for _, c := range p.Contacts {
			if c.Kind == engagement.Session {
				sessions = append(sessions, c)
			}
		}
	}
	return absent(sessions)
}

// absent are those of some contacts that were missed without authorisation, as evidence, and the day on which the last of them
// was known to be; the first day of all if none was.
func absent(contacts []engagement.Contact) (evidence []string, known calendar.Day) {
	var last time.Time
	for _, c := range contacts {
		if c.Code != register.Absent {
			continue
		}
		evidence = append(evidence, c.ID)
		if c.KnownAt.After(last) {
			last = c.KnownAt
		}
	}
	return evidence, calendar.DayOf(last)
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
