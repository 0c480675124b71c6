package rules

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// meetingList is rule E-6. Source 003, section 5, Weekly attendance meetings: "to review the previous weeks attendance and
// identify any issues".
//
// On Monday, who was below a rate in the week before is on the list. The scope is that week, by its Monday. The source gives no
// rate; the policy's is marked so. Sessions that are not known are taken for attended.
func meetingList(s Student) []Finding {
	var findings []Finding
	for _, w := range s.periods(calendar.Weeks) {
		p := s.on(w.Over())
		if p == nil || p.Rules.MeetingList == nil || s.tapless(p) || !among(p.Rules.MeetingList.Programmes, s.Programme) {
			continue
		}
		sessions := w.Measure()
		best := sessions.AtBest(p.Counting)
		if !best.Below(p.Rules.MeetingList.Below) {
			continue
		}
		evidence, _ := missed(w)
		findings = append(findings, Finding{
			Rule: "E-6", Scope: w.First.String(), Step: "weekly meeting", Opens: Notice, AsOf: w.Over(), Evidence: evidence, Policy: p.ID(),
			Summary: fmt.Sprintf("Week of %s: %s; to be looked at in the weekly meeting", w.First, rate(best, sessions.Unknown, "sessions")),
		})
	}
	return findings
}
