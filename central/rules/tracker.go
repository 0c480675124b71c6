package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// tracker is rule E-1. Source 003, section 4: in teaching weeks the tracker is populated weekly with log-ins and fortnightly with
// taps. Nobody has to type a row here: that of log-ins is there when the feed of log-ins is complete to its end, that of taps when
// no register of it waits for a reader. Whoever keeps rows elsewhere records them, which counts as well. Weeks are counted from the
// first of the term, as the policy's fortnights are; what is left over at the end of a term is no row.
func tracker(u University) []Finding {
	var findings []Finding
	for _, term := range u.terms() {
		for _, p := range u.heldIn(term) {
			if t := p.Rules.Tracker; t != nil {
				findings = append(findings, missing(u, p, "logins", rows(term, t.LoginsEvery), u.loginsLack)...)
				findings = append(findings, missing(u, p, "taps", rows(term, t.TapsEvery), u.tapsLack)...)
			}
		}
	}
	return findings
}

// rows are the spans of the rows that are due every so many teaching weeks.
func rows(term calendar.Term, every int) []calendar.Span {
	var rows []calendar.Span
	for weeks := range slices.Chunk(term.Weeks(), every) {
		if len(weeks) == every {
			rows = append(rows, calendar.Span{First: weeks[0].First, Last: weeks[every-1].Last})
		}
	}
	return rows
}

// heldIn are the versions that hold on some day of a term, once each.
func (u University) heldIn(term calendar.Term) []*policy.Policy {
	var held []*policy.Policy
	for d := term.First; !term.Last.Before(d); d = d.Add(7) {
		for _, p := range u.Policies(d) {
			if !slices.Contains(held, p) {
				held = append(held, p)
			}
		}
	}
	return held
}

// missing alarms on the day after a row was due, by the policy of the row's last day.
func missing(u University, p *policy.Policy, of string, rows []calendar.Span, lacks func(calendar.Span) (string, []string)) []Finding {
	var findings []Finding
	for _, row := range rows {
		due := row.Last
		if p.Rules.Tracker.Due.Set() {
			due = p.Rules.Tracker.Due.After(row.Last, u.Calendar)
		}
		overdue := due.Add(1).Starts()
		if overdue.After(u.AsOf) || !slices.Contains(u.Policies(row.Last), p) || u.rowKept(of, row) {
			continue
		}
		if why, evidence := lacks(row); why != "" {
			findings = append(findings, Finding{
				Rule: "E-1", Subject: Everybody, Scope: row.First.String(), Step: of + " missing", Opens: Task, AsOf: overdue, Evidence: atMost(evidence), Policy: p.ID(),
				Summary: fmt.Sprintf("The tracker has no %s for %s to %s: %s", of, row.First, row.Last, why),
			})
		}
	}
	return findings
}

// rowKept reports whether somebody recorded a row that ends in the span.
func (u University) rowKept(of string, row calendar.Span) bool {
	return slices.ContainsFunc(u.of(engagement.TrackerRow, of), func(f engagement.Fact) bool { return row.Contains(calendar.DayOf(f.At)) })
}

func (u University) loginsLack(row calendar.Span) (why string, evidence []string) {
	through, ever := u.Known[engagement.Login]
	switch {
	case !ever:
		return "no file of log-ins was ever imported", nil
	case through.Before(row.Last.Ends()):
		return "log-ins are imported to " + through.In(calendar.London).Format(time.DateTime), nil
	}
	return "", nil
}

func (u University) tapsLack(row calendar.Span) (why string, evidence []string) {
	var points []string
	for _, h := range u.Unheard {
		if row.Contains(calendar.DayOf(h.ClosesAt)) {
			points = append(points, h.Point)
		}
	}
	if len(points) == 0 {
		return "", nil
	}
	slices.Sort(points)
	points = slices.Compact(points)
	return fmt.Sprintf("%d points have not delivered the taps of all their registers", len(points)), points
}
