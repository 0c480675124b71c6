package rules

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

// acme is a placement of which everything is known.
func acme(first, last, recorded string) engagement.Fact {
	return engagement.Fact{
		Kind: engagement.Placement, Of: "Acme", At: on(first), Until: on(last), RecordedAt: on(recorded), Value: "5", Amount: 2250, Note: "Ms Smith, 1 High St",
	}
}

func TestPlacements(t *testing.T) {
	const (
		task    = "report before it starts, Acme 2027-01-11, task, 2026-12-01, 2027-01-08"
		overdue = "overdue, Acme 2027-01-11, task, 2027-01-09, 2027-01-08"
	)
	bare := acme("2027-01-11", "2027-03-26", "2026-12-01")
	bare.Note, bare.Amount = "", 0
	tests := []struct {
		name  string
		facts []engagement.Fact
		asOf  string
		want  []string
	}{
		{"row 72 E-14 amber until 8 January", []engagement.Fact{acme("2027-01-11", "2027-03-26", "2026-12-01")}, "2027-01-08", []string{task}},
		{"row 72 E-14 overdue after 8 January", []engagement.Fact{acme("2027-01-11", "2027-03-26", "2026-12-01")}, "2027-01-09", []string{task, overdue}},
		{"row 72 E-14 reported on 8 January", []engagement.Fact{acme("2027-01-11", "2027-03-26", "2026-12-01"), reported("E-14 Acme 2027-01-11", "2027-01-08")}, "2027-01-20", []string{task}},
		{"row 72 E-14 reported on the day it starts", []engagement.Fact{acme("2027-01-11", "2027-03-26", "2026-12-01"), reported("E-14 Acme 2027-01-11", "2027-01-11")}, "2027-01-20", []string{task, overdue}},
		{"recorded when it has started", []engagement.Fact{acme("2027-01-11", "2027-03-26", "2027-01-14")}, "2027-01-20", []string{overdue}},
		{"starts after Christmas", []engagement.Fact{acme("2026-12-29", "2027-03-26", "2026-12-01")}, "2026-12-20", []string{"report before it starts, Acme 2026-12-29, task, 2026-12-01, 2026-12-24"}},
		{"details are missing", []engagement.Fact{bare}, "2027-01-05", []string{"details missing, Acme 2027-01-11, task, 2026-12-01, 2027-01-08", task}},
		{"and were given later", []engagement.Fact{bare, acme("2027-01-11", "2027-03-26", "2026-12-07")}, "2027-01-05", []string{task}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withFacts(t, tt.facts...)
			s.AsOf = on(tt.asOf)
			wantLines(t, s, "E-14", tt.want...)
		})
	}
}

func TestTimesheets(t *testing.T) {
	sheet := func(day string) engagement.Fact {
		return engagement.Fact{Kind: engagement.Timesheet, Of: "Acme", At: on(day)}
	}
	// From a Friday to a Monday three weeks later: four weeks. A week's timesheet may come until the Monday eight days after it.
	placed := []engagement.Fact{acme("2026-10-09", "2026-10-26", "2026-09-01"), reported("E-14 Acme 2026-10-09", "2026-09-02")}
	missing := func(monday, day string) string { return "timesheet missing, Acme " + monday + ", task, " + day }
	tests := []struct {
		name  string
		facts []engagement.Fact
		feed  string
		want  []string
	}{
		{"none came", nil, "2026-12-31", []string{missing("2026-10-05", "2026-10-19"), missing("2026-10-12", "2026-10-26"), missing("2026-10-19", "2026-11-02"), missing("2026-10-26", "2026-11-09")}},
		{"the feed ends in between", nil, "2026-10-27", []string{missing("2026-10-05", "2026-10-19"), missing("2026-10-12", "2026-10-26")}},
		{"nothing is fed", nil, "", nil},
		{"one for each week", []engagement.Fact{sheet("2026-10-09"), sheet("2026-10-18"), sheet("2026-10-23"), sheet("2026-10-26")}, "2026-12-31", nil},
		{"the student withdrew in the second week", []engagement.Fact{sheet("2026-10-09"), change("withdrawal", "2026-10-13")}, "2026-12-31", []string{missing("2026-10-12", "2026-10-26")}},
		{"a withdrawal from an earlier course", []engagement.Fact{sheet("2026-10-09"), sheet("2026-10-18"), sheet("2026-10-23"), change("withdrawal", "2025-10-13")}, "2026-12-31", []string{missing("2026-10-26", "2026-11-09")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withFacts(t, append(placed, tt.facts...)...)
			if tt.feed != "" {
				s.Known = map[engagement.Kind]time.Time{engagement.Timesheet: on(tt.feed)}
			}
			wantLines(t, s, "E-14", append([]string{"report before it starts, Acme 2026-10-09, task, 2026-09-01, 2026-10-08"}, tt.want...)...)
		})
	}
}
