package rules

import (
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// expulsion is rule A-6. Source 004, item 13: who had a final warning, was reported "and still fail to satisfy the college
// about their attendance levels remaining below 80%" is expelled within two weeks of the report. It opens a task, due so
// many days after the report, at the first moment from the report to that day at which attendance in the term is below 80 % and
// the college has not recorded that it is satisfied. Somebody who was reported for ten missed contacts may still fall below
// within the two weeks; who does so after them is in the procedure no more.
func expulsion(s Student, c climb, a answers) (Finding, bool) {
	final := slices.IndexFunc(c.warnings, func(f Finding) bool { return f.Level == Final })
	reported, ok := a.first(engagement.Reported)
	if final < 0 || !ok {
		return Finding{}, false
	}
	from := later(reported.At, later(c.warnings[final].AsOf, c.report.AsOf))
	satisfied, given := a.first(engagement.Satisfied)
	stands := slices.Collect(s.stands(c.Contacts))
	for i, st := range stands {
		if i+1 < len(stands) && !stands[i+1].at.After(from) {
			continue // what the figures were before the report
		}
		at := later(st.at, from)
		p := s.on(at)
		if p == nil || p.Rules.Expulsion == nil || !st.below(p.Rules.Expulsion.Below) {
			continue
		}
		due := p.Rules.Expulsion.Due.After(calendar.DayOf(reported.At), s.Calendar)
		if at.After(due.Ends()) || given && !satisfied.At.After(at) {
			break
		}
		return Finding{
			Rule: "A-6", Scope: c.Term, Step: "expel", Opens: Task, AsOf: at, Deadline: due, Evidence: ids(c.Missed(at)), Policy: p.ID(),
			Summary: fmt.Sprintf("Reported to UKVI on %s after a final warning, and still %s; decide on expulsion by %s", calendar.DayOf(reported.At), st, due),
		}, true
	}
	return Finding{}, false
}
