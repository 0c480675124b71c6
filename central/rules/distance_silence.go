package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// distanceSilence is rule E-9. Source 003, temporary concession on distance learning: where students "have not engaged with
// Distance Learning via 'Moodle' for 30 days", the university "may withdraw sponsorship unless the reasons for absence have been
// recorded". The concession ended in June 2022: no shipped policy has the rule.
//
// It is about students whose delivery is distance, and about log-ins alone. Days of authorised absence, leave or a recorded
// reason do not count; a reason without an end explains the silence in which it was recorded, however long it becomes. A reason
// that is recorded afterwards does not undo the case, which people close. A student who never logged in is looked for from
// enrolment, or else from what was expected first. Nothing is concluded from a day before the log-ins are complete.
func distanceSilence(s Student) []Finding {
	if s.Subject().Delivery != "distance" {
		return nil
	}
	var findings []Finding
	leftOut, reasons := s.leftOut(), s.Of(engagement.Reason)
	explained := func(d calendar.Day) bool {
		return leftOut(d) || slices.ContainsFunc(reasons, func(f engagement.Fact) bool { return !f.Until.IsZero() && spanOf(f).Contains(d) })
	}
	look := func(q silence) bool {
		p := s.Policies(q.day)
		if p == nil || p.Rules.DistanceSilence == nil || !s.heard([]string{string(engagement.Login)}, q.day) || q.days < p.Rules.DistanceSilence.Days {
			return true
		}
		if whole := (calendar.Span{First: q.since, Last: q.day}); slices.ContainsFunc(reasons, func(f engagement.Fact) bool {
			return f.Until.IsZero() && whole.Contains(calendar.DayOf(f.At))
		}) {
			return false
		}
		findings = append(findings, Finding{
			Rule: "E-9", Scope: q.since.String(), Step: fmt.Sprintf("%d days", p.Rules.DistanceSilence.Days), Opens: Case, AsOf: q.day.Starts(), Policy: p.ID(),
			Summary: fmt.Sprintf("No log-in known after %s: %d days without a recorded reason; investigate and decide whether sponsorship is withdrawn", q.since, q.days),
		})
		return false
	}
	s.silences(s.loginSigns(), explained, look)
	return findings
}

// loginSigns are log-ins, and enrolment before the first of them.
func (s Student) loginSigns() []time.Time {
	var signs []time.Time
	for _, f := range s.Facts {
		if f.Kind == engagement.Login || f.Kind == engagement.Enrolled && len(signs) == 0 {
			signs = append(signs, f.At)
		}
	}
	return s.begin(signs)
}
