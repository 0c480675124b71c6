package rules

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// improvement is rule A-7. Source 004, item 12: "If the college is satisfied with the response from a student to the warnings and
// his/her efforts to improve attendance, UKVI is informed of the same." It opens the task to inform UKVI when that is
// recorded of a student who was to be reported; of others UKVI was told nothing that could have improved. Recorded by the
// deadline of the report it stands in the place of the report, later both are due.
func improvement(s Student, c climb, a answers) (Finding, bool) {
	satisfied, ok := a.first(engagement.Satisfied)
	if !ok {
		return Finding{}, false
	}
	at := later(satisfied.At, c.report.AsOf)
	p := s.on(at)
	if at.After(s.AsOf) || p == nil || p.Rules.Improvement == nil {
		return Finding{}, false
	}
	day := calendar.DayOf(at)
	f := Finding{
		Rule: "A-7", Scope: c.Term, Step: "inform ukvi", Opens: Task, AsOf: at, Evidence: c.report.Evidence, Policy: p.ID(),
		Summary: fmt.Sprintf("Satisfied with the student's response on %s, before the report was due: inform UKVI of the improvement", day),
	}
	if c.report.Deadline.Before(day) {
		f.Summary = fmt.Sprintf("Satisfied with the student's response on %s, after the report was due: inform UKVI of the improvement besides", day)
	}
	if due := p.Rules.Improvement.Due; due.Set() {
		f.Deadline = due.After(day, s.Calendar)
	}
	return f, true
}
