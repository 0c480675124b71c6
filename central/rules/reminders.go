package rules

import (
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// reminders is rule E-20. Source 003, section 6: students are reminded regularly to tap in; how often is ours. It is asked in term:
// so many days after the last reminder, or after the term began, one is due, and so many days later again if nobody sent it. A
// reminder that was sent by the day before is in time.
func reminders(u University) []Finding {
	var findings []Finding
	sent := u.of(engagement.Reminder, "")
	for _, term := range u.terms() {
		for _, p := range u.heldIn(term) {
			if p.Rules.TapReminder != nil {
				findings = append(findings, remind(u, p, term, sent)...)
			}
		}
	}
	return findings
}

func remind(u University, p *policy.Policy, term calendar.Term, sent []engagement.Fact) []Finding {
	var findings []Finding
	every := p.Rules.TapReminder.EveryDays
	last := term.First
	for due := last.Add(every); term.Contains(due) && !due.Starts().After(u.AsOf); due = last.Add(every) {
		if len(sent) > 0 && calendar.DayOf(sent[0].At).Before(due) {
			if day := calendar.DayOf(sent[0].At); last.Before(day) {
				last = day
			}
			sent = sent[1:]
			continue
		}
		if slices.Contains(u.Policies(due), p) {
			findings = append(findings, Finding{
				Rule: "E-20", Subject: Everybody, Scope: due.String(), Step: "reminder due", Opens: Task, AsOf: due.Starts(), Policy: p.ID(),
				Summary: fmt.Sprintf("For %d days, since %s, nobody has reminded students to tap", last.Until(due), last),
			})
		}
		last = due
	}
	return findings
}
