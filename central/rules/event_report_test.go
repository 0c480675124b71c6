package rules

import (
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/calendar"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

func change(event, day string) engagement.Fact {
	return engagement.Fact{Kind: engagement.Change, Of: event, At: on(day)}
}

func reported(of, day string) engagement.Fact {
	return engagement.Fact{Kind: engagement.Reported, Of: of, At: on(day)}
}

func TestEventReports(t *testing.T) {
	const (
		task    = "report, withdrawal 2026-11-16, task, 2026-11-16, 2026-11-30"
		overdue = "overdue, withdrawal 2026-11-16, task, 2026-12-01, 2026-11-30"
	)
	tests := []struct {
		name  string
		facts []engagement.Fact
		asOf  string
		want  []string
	}{
		{"row 69 E-12 withdrawal on 16 November is due on the 30th", []engagement.Fact{change("withdrawal", "2026-11-16")}, "2026-11-30", []string{task}},
		{"row 69 E-12 and overdue on 1 December", []engagement.Fact{change("withdrawal", "2026-11-16")}, "2026-12-01", []string{task, overdue}},
		{"reported on the last day", []engagement.Fact{change("withdrawal", "2026-11-16"), reported("E-12 withdrawal 2026-11-16", "2026-11-30")}, "2026-12-24", []string{task}},
		{"reported a day late", []engagement.Fact{change("withdrawal", "2026-11-16"), reported("E-12 withdrawal 2026-11-16", "2026-12-01")}, "2026-12-24", []string{task, overdue}},
		{"reported under another name", []engagement.Fact{change("withdrawal", "2026-11-16"), reported("E-12 leave 2026-11-16", "2026-11-17")}, "2026-12-24", []string{task, overdue}},
		{"told twice", []engagement.Fact{change("withdrawal", "2026-11-16"), change("withdrawal", "2026-11-16")}, "2026-11-20", []string{task}},
		{"an event that the policy does not name", []engagement.Fact{change("new_haircut", "2026-11-16")}, "2026-12-24", nil},
		{"bank holidays do not count", []engagement.Fact{change("leave", "2026-12-16")}, "2026-12-24", []string{"report, leave 2026-12-16, task, 2026-12-16, 2027-01-04"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := withFacts(t, tt.facts...)
			s.AsOf = on(tt.asOf)
			wantLines(t, s, "E-12", tt.want...)
		})
	}
}

// The finding of a day is made by the version of that day, and by none when the clause is not in it any more.
func TestOverdueIsFoundByThePolicyOfItsDay(t *testing.T) {
	old, without := stMarys(t), *stMarys(t)
	without.Version, without.Rules.EventReport = 2, nil
	s := withFacts(t, change("withdrawal", "2026-11-16"))
	s.Policies = byDay("2026-12-01", old, &without)
	wantLines(t, s, "E-12", "report, withdrawal 2026-11-16, task, 2026-11-16, 2026-11-30")
}

func TestOnlySponsoredStudentsAreReportedOrMonitored(t *testing.T) {
	s := withFacts(t, eventful()...)
	s.Sponsored = false
	for _, f := range Evaluate(s) {
		if f.Rule != "E-17" {
			t.Errorf("found %s of a student whom nobody sponsors: %s", f.Rule, f.Summary)
		}
	}
}

func TestWithdrawalList(t *testing.T) {
	tests := []struct {
		name string
		fact engagement.Fact
		want []string
	}{
		{"a withdrawal", change("withdrawal", "2026-11-16"), []string{"list to registry, withdrawal 2026-11-16, task, 2026-11-16"}},
		{"a deregistration", change("deregistration", "2026-11-16"), []string{"list to registry, deregistration 2026-11-16, task, 2026-11-16"}},
		{"a change of course ends nothing", change("course_change", "2026-11-16"), nil},
		{"three low months that were reported", reported("E-4 2026-12", "2026-12-07"), []string{"list to registry, E-4 2026-12, task, 2026-12-07"}},
		{"a report of an event, which is listed itself", reported("E-12 withdrawal 2026-11-16", "2026-11-17"), nil},
		{"a report of a placement", reported("E-14 Acme 2026-11-16", "2026-11-17"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantLines(t, withFacts(t, tt.fact), "E-7", tt.want...) })
	}
}

func TestWithdrawalListGivesTheReason(t *testing.T) {
	f := change("withdrawal", "2026-11-16")
	f.Note = "no longer able to study"
	for _, found := range Evaluate(withFacts(t, f)) {
		if found.Rule == "E-7" && !strings.HasSuffix(found.Summary, "Withdrawal on 2026-11-16: no longer able to study") {
			t.Errorf("summary = %q, want the reason in it", found.Summary)
		}
	}
}

func TestCurtailment(t *testing.T) {
	tests := []struct {
		name string
		fact engagement.Fact
		want []string
	}{
		{"a report of inactivity", reported("E-8 2026-12-01", "2026-12-09"), []string{"curtailed, E-8 2026-12-01, notice, 2026-12-09"}},
		{"a report of ten missed contacts", reported("A-5", "2026-12-09"), []string{"curtailed, A-5, notice, 2026-12-09"}},
		{"a withdrawal", reported("E-12 withdrawal 2026-11-16", "2026-11-20"), []string{"curtailed, E-12 withdrawal 2026-11-16, notice, 2026-11-20"}},
		{"a leave of absence ends no permission by itself", reported("E-12 leave 2026-11-16", "2026-11-20"), nil},
		{"nor does a placement", reported("E-14 Acme 2026-11-16", "2026-11-13"), nil},
		{"nor an event that was not reported", change("withdrawal", "2026-11-16"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantLines(t, withFacts(t, tt.fact), "E-19", tt.want...) })
	}
	for _, f := range Evaluate(withFacts(t, reported("E-8 2026-12-01", "2026-12-09"))) {
		if f.Rule == "E-19" && !strings.Contains(f.Summary, "2027-02-07") { // 9 December and sixty days
			t.Errorf("summary = %q, want the end of the visa on 2027-02-07", f.Summary)
		}
	}
}

// byDay is one policy before a day and another from it on.
func byDay(from string, before, after *policy.Policy) policy.ByDay {
	return func(d calendar.Day) *policy.Policy {
		if d.Before(civil(from)) {
			return before
		}
		return after
	}
}
