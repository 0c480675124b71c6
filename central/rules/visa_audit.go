package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// visaAudit is rule E-16. Source 003, "Students with 'other' immigration status": audits are held every two weeks, so that nobody
// studies without the permission to. An audit is a fact that a named person signed. On the day it is due again it opens a task with
// those whom it must look at: holders of a visa whose permission is missing, forbids study, or ends within a number of days (ours: the
// text gives none). On the day after, it is overdue (row 74: day 15); an audit that comes late does not undo that it was. Before the first
// audit the count begins with the term, or with the policy.
func visaAudit(u University) []Finding {
	var findings []Finding
	signed := slices.DeleteFunc(u.of(engagement.Audit, "immigration"), func(f engagement.Fact) bool { return f.By == "" })
	last := calendar.DayOf(u.Since)
	for i := 0; i <= len(signed); i++ {
		next := calendar.DayOf(u.AsOf).Add(1) // none yet
		if i < len(signed) {
			next = calendar.DayOf(signed[i].At)
		}
		findings = append(findings, auditDue(u, last, next)...)
		last = next
	}
	return findings
}

// auditDue is what follows when after the audit of one day the next was on another.
func auditDue(u University, last, next calendar.Day) []Finding {
	var findings []Finding
	for _, p := range u.Policies(last) {
		e := p.Rules.VisaAudit
		if e == nil {
			continue
		}
		from := last
		if from.Before(p.From) {
			from = p.From
		}
		due := from.Add(e.EveryDays)
		for _, step := range []struct {
			name string
			on   calendar.Day
		}{{"due", due}, {"overdue", due.Add(1)}} {
			if !step.on.Starts().After(u.AsOf) && !next.Before(step.on) {
				findings = append(findings, auditFinding(u, p, step.name, due, step.on))
			}
		}
	}
	return findings
}

func auditFinding(u University, p *policy.Policy, step string, due, on calendar.Day) Finding {
	holders := doubtful(u.Permits, on, p.Rules.VisaAudit.EndsWithin)
	return Finding{
		Rule: "E-16", Subject: Everybody, Scope: due.String(), Step: step, Opens: Task, AsOf: on.Starts(), Deadline: due, Evidence: atMost(holders), Policy: p.ID(),
		Summary: fmt.Sprintf("The audit of immigration permissions due by %s is %s: %d of %d holders of a visa need looking at", due, step, len(holders), len(u.Permits)),
	}
}

// doubtful names the holders whose permission does not cover a day and enough days after it, with the reason.
func doubtful(permits []Permit, day calendar.Day, endsWithin int) []string {
	var out []string
	for _, permit := range permits {
		if why := permit.doubt(day, endsWithin); why != "" {
			out = append(out, permit.Student+": "+why)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// doubt is why a permission needs looking at, "" when it does not. Of permissions that overlap the longest that lets study counts.
func (p Permit) doubt(day calendar.Day, endsWithin int) string {
	var last time.Time
	covered, study, endless := false, false, false
	for _, f := range p.Permissions {
		if day.Before(calendar.DayOf(f.At)) || !f.Until.IsZero() && calendar.DayOf(f.Until).Before(day) {
			continue
		}
		covered = true
		if f.Value == "no_study" {
			continue
		}
		study, endless = true, endless || f.Until.IsZero()
		if f.Until.After(last) {
			last = f.Until
		}
	}
	switch {
	case !covered:
		return "no permission on record"
	case !study:
		return "permission forbids study"
	case !endless && day.Until(calendar.DayOf(last)) <= endsWithin:
		return "permission ends " + calendar.DayOf(last).String()
	}
	return ""
}
