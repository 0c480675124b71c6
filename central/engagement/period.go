package engagement

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// Split gives the contacts that start in each of some spans, which follow one another and do not overlap. A contact in none of
// them is left out. The contacts are those of the record, not to be changed.
func (r Record) Split(spans []calendar.Span) []History {
	parts := make([]part, len(spans))
	for i, s := range spans {
		parts[i].starts, parts[i].over = s.Starts(), s.Over()
	}
	at := 0
	for i, c := range r.Contacts { // by their end, so that the span of the next is seldom far
		for at > 0 && c.StartsAt.Before(parts[at].starts) {
			at--
		}
		for at < len(spans)-1 && !c.StartsAt.Before(parts[at].over) {
			at++
		}
		if len(spans) > 0 && !c.StartsAt.Before(parts[at].starts) && c.StartsAt.Before(parts[at].over) {
			parts[at].add(r.Contacts, i)
		}
	}
	histories := make([]History, len(spans))
	for i, p := range parts {
		histories[i] = History{Person: r.Person, Contacts: p.contacts}
	}
	return histories
}

// part is a span with its contacts, which mostly stand side by side in the record: then nothing is copied.
type part struct {
	starts, over time.Time
	first        int // place of its first contact in the record
	contacts     []Contact
	copied       bool
}

func (p *part) add(all []Contact, i int) {
	switch {
	case p.contacts == nil:
		p.first, p.contacts = i, all[i:i+1:i+1]
	case !p.copied && p.first+len(p.contacts) == i:
		p.contacts = all[p.first : i+1 : i+1]
	default:
		p.contacts, p.copied = append(p.contacts, all[i]), true // full to its capacity, so that append copies
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
