package rules

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// share is a clause about a rate over periods, which is met when it first goes out of bounds in one.
type share struct {
	periods func(policy.Rules) []policy.Period // over which it is taken; none when the clause is not in the policy
	met     func(stretch, *policy.Policy) bool
	finding func(stretch, *policy.Policy) Finding // all but Scope, AsOf and Policy
}

// stretch is what a period has come to.
type stretch struct {
	engagement.Measure
	scope    string
	contacts []*engagement.Contact
	found    bool
}

// find asks in each period by itself whenever sessions ended in it.
func (sh share) find(s Student) []Finding {
	var findings []Finding
	for _, period := range sh.asked(s) {
		findings = append(findings, sh.over(s, period)...)
	}
	return findings
}

// asked are the periods of the policies that held while contacts ended.
func (sh share) asked(s Student) []policy.Period {
	var periods []policy.Period
	var last *policy.Policy
	for i := range s.Contacts {
		c := &s.Contacts[i]
		p := s.on(c.EndsAt)
		if p == nil || p == last {
			continue
		}
		last = p
		for _, period := range sh.periods(p.Rules) {
			if !slices.Contains(periods, period) {
				periods = append(periods, period)
			}
		}
	}
	return periods
}

func (sh share) over(s Student, period policy.Period) []Finding {
	var findings []Finding
	stretches := map[string]*stretch{}
	var ended []*stretch // with sessions that ended at the moment of the contact in hand
	for i := range s.Contacts {
		c := &s.Contacts[i]
		if c.EndsAt.After(s.AsOf) {
			break
		}
		if st := into(stretches, s.Calendar, period, c); st != nil && !slices.Contains(ended, st) {
			ended = append(ended, st)
		}
		if i+1 < len(s.Contacts) && s.Contacts[i+1].EndsAt.Equal(c.EndsAt) {
			continue
		}
		findings = append(findings, sh.look(s, period, ended, c.EndsAt)...)
		ended = ended[:0]
	}
	return findings
}

func (sh share) look(s Student, period policy.Period, stretches []*stretch, at time.Time) []Finding {
	var findings []Finding
	for _, st := range stretches {
		p := s.on(at)
		if st.found || p == nil || !slices.Contains(sh.periods(p.Rules), period) || !sh.met(*st, p) {
			continue
		}
		st.found = true
		f := sh.finding(*st, p)
		f.Scope, f.AsOf, f.Policy = st.scope, at, p.ID()
		findings = append(findings, f)
	}
	return findings
}

// into counts a session in its stretch; nil for a contact that is in none.
func into(stretches map[string]*stretch, cal *calendar.Calendar, period policy.Period, c *engagement.Contact) *stretch {
	scope, in := stretchOf(cal, period, c)
	if !in || c.Kind != engagement.Session {
		return nil
	}
	st := stretches[scope]
	if st == nil {
		st = &stretch{scope: scope}
		stretches[scope] = st
	}
	st.Add(c)
	st.contacts = append(st.contacts, c)
	return st
}

// stretchOf names the term, month, fortnight (by its first Monday) or module of a contact; of a programme all are in "".
func stretchOf(cal *calendar.Calendar, period policy.Period, c *engagement.Contact) (scope string, in bool) {
	switch period {
	case policy.Programme:
		return "", true
	case policy.Module:
		return c.Module, c.Module != ""
	case policy.Month:
		return calendar.MonthOf(calendar.DayOf(c.StartsAt)).Month(), true
	case policy.Term:
		term, in := cal.TermAt(c.StartsAt)
		return term.ID, in
	}
	term, in := cal.TermAt(c.StartsAt)
	for _, fortnight := range term.Fortnights() {
		if in && fortnight.Contains(calendar.DayOf(c.StartsAt)) {
			return fortnight.First.String(), true
		}
	}
	return "", false
}

// periodsOf is the one period of a share that has a number.
func periodsOf(s *policy.Share) []policy.Period {
	if s == nil || s.Below == 0 {
		return nil
	}
	return []policy.Period{s.Period}
}

// below reports whether a rate is below a per cent whatever the unknown turns out to be. Few sessions make no percentage.
func (st stretch) below(percent int64, by policy.Counting) bool {
	return st.Tally(by).Counted >= by.MinCounted && st.AtBest(by).Below(percent)
}

// where names the stretch in a sentence.
func (st stretch) where() string {
	if st.scope == "" {
		return "the programme"
	}
	return st.scope
}
