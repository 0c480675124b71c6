package rules

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// reminder is rule A-12. Source 002: "Attendance reminders are sent … to notify you that, according to our records, you have not
// met your attendance requirements". The text has no number, and without one nothing follows. A reminder is sent once in a
// period. "It is important that you re-engage with your scheduled teaching … to help close any absence records": the next
// session that the student attends is shown beside the reminder.
func reminder(s Student) []Finding {
	reminders := share{
		periods: func(r policy.Rules) []policy.Period { return periodsOf(r.Reminder) },
		met:     func(st stretch, p *policy.Policy) bool { return st.below(p.Rules.Reminder.Below, p.Counting) },
		finding: func(st stretch, p *policy.Policy) Finding {
			return Finding{
				Rule: "A-12", Step: "reminder", Opens: Alert, Evidence: st.coded(register.Absent),
				Summary: fmt.Sprintf("%s: remind the student to check the record, to say where a scan was not recorded, and to come again", st.rate(p, p.Rules.Reminder.Below)),
			}
		},
	}.find(s)
	findings := reminders
	for _, r := range reminders {
		if f, met := reengaged(s, r); met {
			findings = append(findings, f)
		}
	}
	return findings
}

// reengaged is the first session attended after a reminder.
func reengaged(s Student, reminder Finding) (Finding, bool) {
	for i := range s.Contacts {
		c := &s.Contacts[i]
		attended := c.Code == register.Present || c.Code == register.Late || c.Code == register.Remote
		if !attended || !c.EndsAt.After(reminder.AsOf) || c.EndsAt.After(s.AsOf) {
			continue
		}
		p := s.on(c.EndsAt)
		if p == nil || p.Rules.Reminder == nil {
			continue
		}
		return Finding{
			Rule: "A-12", Scope: reminder.Scope, Step: "re-engaged", Opens: Notice, AsOf: c.EndsAt, Evidence: []string{c.ID}, Policy: p.ID(),
			Summary: fmt.Sprintf("Attended again on %s after the reminder of %s", calendar.DayOf(c.EndsAt), calendar.DayOf(reminder.AsOf)),
		}, true
	}
	return Finding{}, false
}
