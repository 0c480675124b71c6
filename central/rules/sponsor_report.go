package rules

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// sponsorReport is rule A-5. Source 004, items 10 and 11: whichever is first of 10 missed contacts and attendance below
// 80 %. It speaks of students whose visa the university sponsors; the text says "students", but nobody else can be reported.
func sponsorReport(t engagement.Tally, p *policy.Policy) bool {
	return p.Rules.SponsorReport != nil && reached(&p.Rules.SponsorReport.Rung, t, p.Counting)
}

// reportFinding has its deadline counted from the day of the event, which is day 0 (RULES G-5).
func reportFinding(h engagement.History, t engagement.Tally, p *policy.Policy, c *calendar.Calendar, at time.Time) Finding {
	day, due := calendar.DayOf(at), p.Rules.SponsorReport.Due
	return Finding{
		Rule: "A-5", Scope: h.Term, Step: "report to ukvi", Opens: Case, Level: Report, AsOf: at, Deadline: due.After(day, c), Evidence: ids(h.Missed(at)), Policy: p.ID(),
		Summary: fmt.Sprintf("%s; decide and report within %s of %s", standing(Report, t), due, day),
	}
}
