package rules

import (
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// eventReports is rule E-12. Source 003, sections 8, 10, 11, 13, 14 and 15: a change of course, a leave of absence, an early
// completion, a withdrawal, a termination and a deregistration are reported "within 10 working days from the date of" it.
//
// The day of the event is day 0 (G-5). For an early completion that is the new end of the course and for a termination the day
// on which it was considered, as the source says for each; whoever records the event gives that day. One event of a day is
// reported once, however often it was recorded. Only sponsored students are reported.
func eventReports(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	var findings []Finding
	seen := map[string]bool{}
	for _, f := range s.Of(engagement.Change) {
		p, scope := s.on(f.At), dated(f.Of, calendar.DayOf(f.At))
		if f.At.After(s.AsOf) || seen[scope] || !mustReport(p, f.Of) {
			continue
		}
		seen[scope] = true
		findings = append(findings, s.eventReport(f, scope, p)...)
	}
	return findings
}

func mustReport(p *policy.Policy, event string) bool {
	return p != nil && p.Rules.EventReport != nil && slices.Contains(p.Rules.EventReport.Events, event)
}

func (s Student) eventReport(f engagement.Fact, scope string, p *policy.Policy) []Finding {
	day, due := calendar.DayOf(f.At), p.Rules.EventReport.Due
	task := Finding{
		Rule: "E-12", Scope: scope, Step: "report", Opens: Task, AsOf: f.At, Deadline: due.After(day, s.Calendar), Policy: p.ID(),
		Summary: fmt.Sprintf("%s on %s; report to UKVI within %s", eventName(f.Of), day, due), Evidence: evidence(f),
	}
	late := task.Deadline.Add(1).Starts()
	if q := s.on(late); late.After(s.AsOf) || q == nil || q.Rules.EventReport == nil || s.reportedBy("E-12", scope, task.Deadline) {
		return []Finding{task}
	}
	overdue := task
	overdue.Step, overdue.AsOf, overdue.Policy = "overdue", late, s.on(late).ID()
	overdue.Summary = fmt.Sprintf("%s on %s; the report to UKVI was due on %s and is not recorded", eventName(f.Of), day, task.Deadline)
	return []Finding{task, overdue}
}

var eventNames = map[string]string{
	"course_change": "Change of course", "leave": "Leave of absence", "early_completion": "Early completion", "withdrawal": "Withdrawal",
	"termination": "Termination", "deregistration": "Deregistration",
}

// eventName is an event in words; a university's own events are their own words.
func eventName(event string) string {
	if name, ok := eventNames[event]; ok {
		return name
	}
	return event
}
