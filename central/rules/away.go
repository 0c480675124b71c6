package rules

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// away are the days on which nothing is expected of a student and silence is not held against them: of authorised absence, of
// leave, before anything was known of them and after they left or their course ended. A day that an absence touches is one of
// them: "where an absence has been explained and recorded, this should not count against any of our students" (003, section 7).
type away []calendar.Span

func (a away) contains(d calendar.Day) bool {
	return slices.ContainsFunc(a, func(s calendar.Span) bool { return s.Contains(d) })
}

// expected counts the days of a span that are not among a.
func (a away) expected(in calendar.Span) int {
	n := 0
	for d := in.First; !in.Last.Before(d); d = d.Add(1) {
		if !a.contains(d) {
			n++
		}
	}
	return n
}

// away are the student's by a policy, which says which absences are authorised.
func (s Student) away(p *policy.Policy) away {
	var days away
	for _, g := range s.granted(p) {
		days = append(days, calendar.Span{First: calendar.DayOf(g.Since), Last: calendar.DayOf(g.Until)})
	}
	for _, f := range s.Of(engagement.Leave) {
		days = append(days, spanOf(f))
	}
	return append(days, s.Departed()...)
}

// leftOut tells the days that count for nothing, each by the policy of the day.
func (s Student) leftOut() func(calendar.Day) bool {
	var of *policy.Policy
	var days away
	return func(d calendar.Day) bool {
		if p := s.Policies(d); p != of || days == nil {
			of, days = p, append(away{}, s.away(p)...)
		}
		return days.contains(d)
	}
}

// granted are the absences that a policy lets be authorised; none without a policy.
func (s Student) granted(p *policy.Policy) []register.Grant {
	if p == nil || len(s.Absences) == 0 {
		return nil
	}
	return slices.DeleteFunc(register.Grants(s.Absences, &p.Rules), func(g register.Grant) bool { return g.State != register.Granted })
}

// spanOf are the days of a fact; one without an end goes on.
func spanOf(f engagement.Fact) calendar.Span {
	if f.Until.IsZero() {
		return calendar.Span{First: calendar.DayOf(f.At), Last: engagement.EndOfTime}
	}
	return calendar.Span{First: calendar.DayOf(f.At), Last: calendar.DayOf(f.Until)}
}

// arrival is when the first thing is known of the student: something expected, an enrolment or another sign of them.
func (s Student) arrival() (at time.Time, ok bool) {
	at, _, _ = s.expected()
	for _, f := range s.Facts {
		if slices.Contains(signKinds, f.Kind) && (at.IsZero() || f.At.Before(at)) {
			return f.At, true // facts are in the order of their moments
		}
	}
	return at, !at.IsZero()
}

// signKinds are the facts that are engagement by themselves (003, section 7; RULES E-8).
var signKinds = []engagement.Kind{engagement.Login, engagement.Timesheet, engagement.Enrolled}
