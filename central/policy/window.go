package policy

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// ByDay tells the policy that holds for one student on a day; nil when there is none.
type ByDay func(calendar.Day) *Policy

// Of is the policy of one student by day, for one judgement at a time: rules ask for every day of a year, and between two days
// on which versions come into force it is looked up once.
func (b *Book) Of(s Subject) ByDay {
	var since, before calendar.Day // held holds from the one on, and before the other
	var held *Policy
	return func(d calendar.Day) *Policy {
		if d.Before(since) || !d.Before(before) {
			since, before = b.unchanged(d)
			held = b.For(s, d)
		}
		return held
	}
}

// unchanged are the days around one on which the same versions are in force: from the first on, and before the second.
func (b *Book) unchanged(d calendar.Day) (since, before calendar.Day) {
	for _, p := range b.versions { // by the day they apply from
		if d.Before(p.From) {
			return since, p.From
		}
		since = p.From
	}
	return since, calendar.Day{Year: 9999, Month: time.December, Day: 31}
}

// Window is when a tap counts at a session by the policy.
func (p *Policy) Window(start, end time.Time) (opens, closes time.Time) {
	return p.Marking.Opens.At(start, end), p.Marking.Closes.At(start, end)
}

// Window is when a tap may count at a session for somebody: gateways show green in all of it, and each student is judged by the
// window of the policy that holds for them. It is as wide as the policies in force on the day make it together; of those that
// are for everybody only one is.
func (b *Book) Window(start, end time.Time) (opens, closes time.Time) {
	day := calendar.DayOf(start)
	held := b.inForce(day)
	if len(held) == 0 {
		held = b.first()
	}
	for _, p := range held {
		if eclipsed(p, held) {
			continue
		}
		o, c := p.Window(start, end)
		if opens.IsZero() || o.Before(opens) {
			opens = o
		}
		if c.After(closes) {
			closes = c
		}
	}
	return opens, closes
}

// eclipsed reports whether p is for everybody and another one that is holds in its place.
func eclipsed(p *Policy, held map[string]*Policy) bool {
	for _, q := range held {
		if q != p && p.Scope.restrictions() == 0 && q.Scope.restrictions() == 0 && closer(q, p) {
			return true
		}
	}
	return false
}
