package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// enrolments is rule E-11. Source 003, section 2: a student with a used CAS number, or a continuing one, "who does not enrol
// within 10 working days of the latest enrolment period" is reported for failing to enrol "if there are no communications
// received and there has been no engagement".
//
// The last of the working days is the student's, to its end; the day after is day 0 of the report, by the general rule of
// section 15. One who wrote or engaged is reminded, and nothing else follows. Communications and engagement count from the end
// of the term before the one of the latest day, since what a continuing student did last year says nothing, and enrolments from
// the beginning of that term, since some enrol early. A contact that is not
// known may have been engagement, and what the policy waits for (its feeds) may hold some: then too a reminder is all. Whether
// somebody enrolled is entered by people, unless the policy waits for it. A latest day that was recorded again holds if it is
// later: an extension needs no correction. Somebody who left before, or is on leave, is not expected to enrol.
func enrolments(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	var findings []Finding
	for _, e := range s.toEnrol() {
		if f, is := s.notEnrolled(e); is {
			findings = append(findings, f)
		}
	}
	return findings
}

// enrolment is one that was due.
type enrolment struct {
	engagement.Fact
	before calendar.Term // the last that was over when the one of the latest day began; zero if none was
}

// toEnrol are the enrolments that were due, each by its latest day.
func (s Student) toEnrol() []enrolment {
	var due []enrolment
	for _, f := range s.Of(engagement.Enrolment) { // by their days, so that the later of two comes later
		e := enrolment{f, s.termBefore(f.At)}
		same := func(d enrolment) bool { return d.Of == e.Of && d.before == e.before }
		due = append(slices.DeleteFunc(due, same), e)
	}
	return due
}

func (s Student) termBefore(t time.Time) calendar.Term {
	day := calendar.DayOf(t)
	if term, in := s.Calendar.TermAt(t); in {
		day = term.First
	}
	var before calendar.Term
	for _, term := range s.Calendar.Terms {
		if term.Last.Before(day) && before.Last.Before(term.Last) {
			before = term
		}
	}
	return before
}

// notEnrolled is what follows on the day after the days of grace, which are those of the policy of the latest day.
func (s Student) notEnrolled(e enrolment) (Finding, bool) {
	p := s.on(e.At)
	if p == nil || p.Rules.Enrolment == nil {
		return Finding{}, false
	}
	last := p.Rules.Enrolment.Grace.After(calendar.DayOf(e.At), s.Calendar)
	at := last.Add(1).Starts()
	if p = s.on(at); p == nil || p.Rules.Enrolment == nil || at.After(s.AsOf) || s.mayHaveEnrolled(e, last, p) {
		return Finding{}, false
	}
	latest := calendar.DayOf(e.At)
	f := Finding{
		Rule: "E-11", Scope: strings.TrimSpace(latest.String() + " " + e.Of), Step: "reminder", Opens: Alert, AsOf: at, Policy: p.ID(),
		Summary: fmt.Sprintf("Not enrolled by %s, the latest day being %s; remind the student", last, latest),
	}
	if s.quiet(e.before.Last.Add(1).Starts(), at) && s.heard(p.Feeds, last.Add(1)) {
		f.Step, f.Opens, f.Deadline = "report", Case, p.Rules.Enrolment.Due.After(last.Add(1), s.Calendar)
		f.Summary = fmt.Sprintf("Not enrolled by %s, the latest day being %s, and neither communication nor engagement is known; decide and report within %s",
			last, latest, p.Rules.Enrolment.Due)
	}
	return f, true
}

// mayHaveEnrolled reports whether the student enrolled in time, need not, or may have: for all that is known.
func (s Student) mayHaveEnrolled(e enrolment, last calendar.Day, p *policy.Policy) bool {
	if s.away(p).contains(last) || !s.heardThrough(engagement.Enrolled, last.Ends()) {
		return true
	}
	if slices.Contains(p.Feeds, string(engagement.Enrolled)) && !s.heard([]string{string(engagement.Enrolled)}, last.Add(1)) {
		return true
	}
	from, over := e.before.First.Starts(), last.Add(1).Starts()
	return slices.ContainsFunc(s.Facts, func(f engagement.Fact) bool {
		return f.Kind == engagement.Enrolled && (f.Of == e.Of || f.Of == "" || e.Of == "") && !f.At.Before(from) && f.At.Before(over)
	})
}

// quiet reports whether nothing was seen or heard of the student from one moment to before another.
func (s Student) quiet(from, before time.Time) bool {
	in := func(t time.Time) bool { return !t.Before(from) && t.Before(before) }
	for i := range s.Contacts {
		if c := &s.Contacts[i]; seen(c) && in(c.StartsAt) {
			return false
		}
	}
	return !slices.ContainsFunc(s.Facts, func(f engagement.Fact) bool {
		return (f.Kind == engagement.Communication || slices.Contains(signKinds, f.Kind)) && in(f.At)
	})
}
