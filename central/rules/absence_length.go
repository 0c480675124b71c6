package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// absenceLength is rule E-13. Source 003, section 9, "Authorised Absence letter": approved by the course lead and the head of
// registry, "a maximum of 60 consecutive days", "must not lead to the requirement to make a visa extension", and a letter is
// issued and noted.
//
// What became of each request register.Grants says, which also excuses the student; here it is put before people: a request
// when it is made and approvals are missing, and its decision when the last of them is recorded. To need no extension is read as
// to end by the planned end of the course. A request is looked at by the version in force when it was made, and its decision
// by the one of the decision.
func absenceLength(s Student) []Finding {
	var findings []Finding
	r := requests{s: s}
	seen := map[string]bool{}
	for i, asked := range register.Grants(s.Absences, &policy.Rules{}) { // in their order, which no policy changes
		at := made(asked.Absence, asked.RecordedAt)
		g, p := r.at(i, at)
		scope := scopeOf(asked.Absence)
		if p == nil || seen[scope] {
			continue
		}
		seen[scope] = true
		findings = append(findings, s.requested(g, p, at)...)
		decided := made(g.Absence, g.DecidedAt)
		if g, p = r.at(i, decided); p != nil {
			findings = append(findings, decision(g, p, decided)...)
		}
	}
	return findings
}

// requests remembers what became of all requests by the version that was asked last.
type requests struct {
	s      Student
	by     *policy.Policy
	grants []register.Grant
}

// at is what became of a request by the version in force at an instant; nil if that has no such clause, or is still to come.
func (r *requests) at(i int, t time.Time) (register.Grant, *policy.Policy) {
	p := r.s.on(t)
	if t.After(r.s.AsOf) || p == nil || p.Rules.AbsenceLength == nil {
		return register.Grant{}, nil
	}
	if p != r.by {
		r.by, r.grants = p, register.Grants(r.s.Absences, &p.Rules)
	}
	return r.grants[i], p
}

// made is when something was done about a request; its beginning if nobody has recorded when.
func made(a register.Absence, at time.Time) time.Time {
	if at.IsZero() {
		return a.Since
	}
	return at
}

func scopeOf(a register.Absence) string {
	return fmt.Sprintf("%s to %s", calendar.DayOf(a.Since), calendar.DayOf(a.Until))
}

// requested is what is to be done when a request is made.
func (s Student) requested(g register.Grant, p *policy.Policy, at time.Time) []Finding {
	scope := scopeOf(g.Absence)
	found := Finding{Rule: "E-13", Scope: scope, AsOf: at, Evidence: []string{"absence " + scope}, Policy: p.ID()}
	var findings []Finding
	decided := g.State != register.Waiting && !made(g.Absence, g.DecidedAt).After(at)
	if !decided {
		f := found
		f.Step, f.Opens = "approval missing", Task
		f.Summary = fmt.Sprintf("Absence asked for from %s; until %s have approved it, it excuses nothing", scope, strings.Join(lacking(g, p, at), " and "))
		findings = append(findings, f)
	}
	end, planned := s.courseEnd()
	if planned && s.Sponsored && end.Before(calendar.DayOf(g.Until)) && (!decided || g.State == register.Granted) {
		found.Step, found.Opens = "beyond the course", Notice
		found.Summary = fmt.Sprintf("Absence asked for from %s ends after the course, %s; it must not require an extension of the visa", scope, end)
		findings = append(findings, found)
	}
	return findings
}

// lacking are the roles that had not approved a request by an instant.
func lacking(g register.Grant, p *policy.Policy, at time.Time) []string {
	return slices.DeleteFunc(slices.Clone(p.Rules.AbsenceLength.Approvals), func(role string) bool {
		return slices.ContainsFunc(g.Approvals, func(a register.Approval) bool { return a.Role == role && !a.At.After(at) })
	})
}

// courseEnd is the planned end of the course, as it was recorded last.
func (s Student) courseEnd() (end calendar.Day, planned bool) {
	var latest int64
	for _, f := range s.Facts {
		if f.Kind == engagement.CourseEnd && (!planned || f.ID > latest) {
			end, latest, planned = calendar.DayOf(f.At), f.ID, true
		}
	}
	return end, planned
}

// decision is what is to be done when a request was decided. An absence on the student's own word (F-1) has no letter.
func decision(g register.Grant, p *policy.Policy, at time.Time) []Finding {
	scope := scopeOf(g.Absence)
	found := Finding{Rule: "E-13", Scope: scope, AsOf: at, Evidence: []string{"absence " + scope}, Policy: p.ID()}
	switch {
	case g.State == register.Refused:
		found.Step, found.Opens, found.Summary = "refused", Alert, fmt.Sprintf("Absence asked for from %s is refused: %s", scope, g.Why)
	case g.State == register.Granted && len(g.Approvals) > 0:
		found.Step, found.Opens, found.Summary = "issue letter", Task, fmt.Sprintf("Absence from %s is authorised; issue the letter and note it", scope)
	default:
		return nil
	}
	return []Finding{found}
}
