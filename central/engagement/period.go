package engagement

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// Period is a span of days with what was expected in it.
type Period struct {
	calendar.Span
	History
	starts, over time.Time
	first        int  // place of its first contact in the record
	copied       bool // the contacts stand side by side in the record, mostly, and are no copies
}

// Over is the first instant after the period, at which it can be looked back on.
func (p *Period) Over() time.Time { return p.over }

// Split gives the contacts that start in each of some spans, which follow one another and do not overlap. A contact in none of
// them is left out. The contacts are those of the record, not to be changed.
func (r Record) Split(spans []calendar.Span) []Period {
	if len(spans) == 0 {
		return nil
	}
	periods := make([]Period, len(spans))
	for i, s := range spans {
		periods[i] = Period{Span: s, History: History{Person: r.Person}, starts: s.Starts(), over: s.Over()}
	}
	at := 0
	for i := range r.Contacts { // by their end, so that the period of the next is seldom far
		starts := r.Contacts[i].StartsAt
		for at > 0 && starts.Before(periods[at].starts) {
			at--
		}
		for at < len(spans)-1 && !starts.Before(periods[at].over) {
			at++
		}
		if p := &periods[at]; !starts.Before(p.starts) && starts.Before(p.over) {
			p.add(r.Contacts, i)
		}
	}
	return periods
}

func (p *Period) add(all []Contact, i int) {
	switch {
	case p.Contacts == nil:
		p.first, p.Contacts = i, all[i:i+1:i+1]
	case !p.copied && p.first+len(p.Contacts) == i:
		p.Contacts = all[p.first : i+1 : i+1]
	default:
		p.Contacts, p.copied = append(p.Contacts, all[i]), true // full to its capacity, so that append copies
	}
}

// Measure is what sessions come to when some of them are not known yet.
type Measure struct {
	Count
	Unknown int64 // of which nothing may be concluded
}

// Measure counts the sessions of a history.
func (h History) Measure() Measure {
	var m Measure
	for i := range h.Contacts {
		m.add(&h.Contacts[i], 1)
	}
	return m
}

// Minutes measures the sessions of a history that are held in a room, each by its length in minutes: those that are held
// online have no part in it (RULES E-3).
func (h History) Minutes() Measure {
	var m Measure
	for i := range h.Contacts {
		if c := &h.Contacts[i]; c.Kind == Session && c.Delivery != "online" {
			m.add(c, int64(c.EndsAt.Sub(c.StartsAt)/time.Minute))
		}
	}
	return m
}

// Add counts one more contact.
func (m *Measure) Add(c *Contact) { m.add(c, 1) }

func (m *Measure) add(c *Contact, weight int64) {
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
