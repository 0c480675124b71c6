package engagement

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// Split gives the contacts that start in each of some spans, which follow one another and do not overlap. A contact in none of
// them is left out.
func (r Record) Split(spans []calendar.Span) []History {
	histories := make([]History, len(spans))
	if len(spans) == 0 {
		return histories
	}
	starts, over := make([]time.Time, len(spans)), make([]time.Time, len(spans))
	for i, s := range spans {
		histories[i].Person, starts[i], over[i] = r.Person, s.Starts(), s.Over()
	}
	at := 0
	for _, c := range r.Contacts { // by their end, so that the span of the next is seldom far
		for at > 0 && c.StartsAt.Before(starts[at]) {
			at--
		}
		for at < len(spans)-1 && !c.StartsAt.Before(over[at]) {
			at++
		}
		if !c.StartsAt.Before(starts[at]) && c.StartsAt.Before(over[at]) {
			histories[at].Contacts = append(histories[at].Contacts, c)
		}
	}
	return histories
}

// Measure is what sessions come to when some of them are not known yet.
type Measure struct {
	Count
	Unknown int64 // of which nothing may be concluded
}

// Measure counts the sessions of a history.
func (h History) Measure() Measure {
	var m Measure
	for _, c := range h.Contacts {
		m.Add(c)
	}
	return m
}

// Minutes measures the sessions of a history that are held in a room, each by its length in minutes: those that are held
// online have no part in it (RULES E-3).
func (h History) Minutes() Measure {
	var m Measure
	for _, c := range h.Contacts {
		if c.Kind == Session && c.Delivery != "online" {
			m.add(c, int64(c.EndsAt.Sub(c.StartsAt)/time.Minute))
		}
	}
	return m
}

// Add counts one more contact.
func (m *Measure) Add(c Contact) { m.add(c, 1) }

func (m *Measure) add(c Contact, weight int64) {
	if c.Kind == Session && c.Code == register.Unknown {
		m.Unknown += weight
		return
	}
	m.Count.add(c, weight)
}

// AtBest is the rate if the student attended everything that is not known. What is below a per cent even so is below it
// whatever becomes known: nothing else about the unknown makes a rate higher.
func (m Measure) AtBest(by policy.Counting) Tally {
	t := m.Tally(by)
	t.Attended += m.Unknown
	t.Counted += m.Unknown
	return t
}

// AtWorst is the rate if the student attended nothing that is not known.
func (m Measure) AtWorst(by policy.Counting) Tally {
	t := m.Tally(by)
	t.Counted += m.Unknown
	return t
}
