package rules

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// sponsorReport is rule A-5. Source 004, items 10 and 11: whichever is first of 10 missed contacts and attendance below
// 80 %. It speaks of students whose visa the university sponsors; the text says "students", but nobody else can be reported.
func sponsorReport(t engagement.Tally, p Policy) bool { return p.Report.reached(t, p.MinCounted) }

// reportFinding has its deadline counted from the day of the event, which is day 0 (RULES G-5).
func reportFinding(h engagement.History, t engagement.Tally, p Policy, c *calendar.Calendar, at time.Time) Finding {
	day, kind := calendar.DayOf(at), "calendar"
	deadline := day.Add(p.ReportDays)
	if p.Working {
		deadline, kind = c.AddWorkingDays(day, p.ReportDays), "working"
	}
	return Finding{
		Rule: "A-5", Level: Report, AsOf: at, Deadline: deadline, Evidence: sessions(h.Missed(at)),
		Summary: fmt.Sprintf("%s; decide and report within %d %s days of %s", standing(Report, t), p.ReportDays, kind, day),
	}
}
