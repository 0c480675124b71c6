package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// foundCollege is the small college with findings of rules that are on no ladder: some before and between the terms, some with a
// deadline, one superseded.
func foundCollege(t testing.TB) (*Store, *report.Reports) {
	t.Helper()
	s, reports := smallCollege(t)
	at := func(day string) int64 {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return d.Add(12 * time.Hour).UnixMilli()
	}
	for _, f := range []struct{ student, rule, scope, step, opens, day, deadline string }{
		{"s1", "E-12", "withdrawal 2026-11-16", "report", "task", "2026-11-16", "2026-11-30"},
		{"s1", "E-8", "2026-10-02", "21 days", "notice", "2026-10-23", ""},
		{"s2", "A-2", "2026-autumn", "first warning", "warning", "2026-11-12", ""},
		{"s2", "E-18", "2026-autumn", "confirm contact details", "alert", "2026-08-01", ""},
		{"s2", "E-12", "leave 2026-12-29", "report", "task", "2026-12-29", "2027-01-13"},
		{"s2", "E-12", "leave 2027-02-01", "report", "task", "2027-02-01", "2027-02-15"},
	} {
		_, err := s.write.ExecContext(t.Context(), `INSERT INTO finding
			(student_id, term_id, rule, policy, as_of, found_at, summary, deadline, evidence, scope, step, opens) VALUES ($1, '', $2, 'stmarys v1', $3, $3, $4, $5, '["e1"]', $6, $7, $8)`,
			f.student, f.rule, at(f.day), f.rule+" "+f.step, f.deadline, f.scope, f.step, f.opens)
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.write.ExecContext(t.Context(), `INSERT INTO finding (student_id, subject, term_id, rule, policy, as_of, found_at, summary, evidence, opens)
		VALUES ('', 'room A-101', '', 'E-21', 'stmarys v1', $1, $1, 'not approved', '[]', 'task')`, at("2027-02-03"))
	if err != nil {
		t.Fatal(err)
	}
	return s, reports
}

// said is what findings are, "s1 E-12 2026-11-30; s2 A-2".
func said(findings []report.Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, strings.TrimSpace(f.Student+f.Subject+" "+f.Rule+" "+f.Deadline))
	}
	return strings.Join(out, "; ")
}

func TestFindings(t *testing.T) {
	_, reports := foundCollege(t)
	tests := []struct {
		name    string
		term    string
		allTime bool
		filter  report.FindingFilter
		want    string
		total   int
	}{
		{"of the term and the vacation after it, the first deadline first", "2026-autumn", false, report.FindingFilter{},
			"s4 A-5 2026-11-20; s1 E-12 2026-11-30; s2 E-12 2027-01-13; s2 A-2; s1 E-8; s2 E-18", 6},
		{"of the next term", "2027-spring", false, report.FindingFilter{}, "s2 E-12 2027-02-15; room A-101 E-21", 2},
		{"of all time, newest first", "", true, report.FindingFilter{Newest: true}, "room A-101 E-21; s2 E-12 2027-02-15; s2 E-12 2027-01-13; s1 E-12 2026-11-30; s2 A-2; s4 A-5 2026-11-20; s1 E-8; s2 E-18", 8},
		{"of a rule", "", true, report.FindingFilter{Rule: "E-12"}, "s1 E-12 2026-11-30; s2 E-12 2027-01-13; s2 E-12 2027-02-15", 3},
		{"that open a task", "2026-autumn", false, report.FindingFilter{Opens: rules.Task}, "s1 E-12 2026-11-30; s2 E-12 2027-01-13", 2},
		{"with a deadline", "2026-autumn", false, report.FindingFilter{Due: true}, "s4 A-5 2026-11-20; s1 E-12 2026-11-30; s2 E-12 2027-01-13", 3},
		{"superseded", "2026-autumn", false, report.FindingFilter{State: report.Superseded}, "s4 A-2", 1},
		{"in force or not", "2026-autumn", false, report.FindingFilter{State: report.EitherWay, Rule: "A-2"}, "s2 A-2; s4 A-2", 2},
		{"by the beginning of a number", "2026-autumn", false, report.FindingFilter{Search: "S1"}, "s1 E-12 2026-11-30; s1 E-8", 2},
		{"by a part of a name", "2026-autumn", false, report.FindingFilter{Search: "byr"}, "s1 E-12 2026-11-30; s1 E-8", 2},
		{"by a name that would be a pattern", "2026-autumn", false, report.FindingFilter{Search: "%"}, "", 0},
		{"of a department", "2026-autumn", false, report.FindingFilter{Department: "Law", Due: true}, "s2 E-12 2027-01-13", 1},
		{"a page", "2026-autumn", false, report.FindingFilter{Limit: 2, Offset: 1}, "s1 E-12 2026-11-30; s2 E-12 2027-01-13", 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.filter.Sponsorship = true
			got, err := reports.Findings(t.Context(), tt.term, tt.allTime, tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			if said(got.Rows) != tt.want || got.Total != tt.total {
				t.Errorf("findings = %s (%d)\nwant       %s (%d)", said(got.Rows), got.Total, tt.want, tt.total)
			}
		})
	}
}

// Who may not see sponsorship sees warnings, and nothing that only sponsored students have; nor can they ask for it by its name.
func TestFindingsWithoutSponsorship(t *testing.T) {
	_, reports := foundCollege(t)
	for rule, want := range map[string]string{"": "s2 A-2", "A-5": "", "E-12": ""} {
		got, err := reports.Findings(t.Context(), "2026-autumn", false, report.FindingFilter{Rule: rule})
		if err != nil {
			t.Fatal(err)
		}
		if said(got.Rows) != want || len(got.Rules) != 1 {
			t.Errorf("findings of %q = %s of %+v, want %s of one rule", rule, said(got.Rows), got.Rules, want)
		}
	}
}

func TestFindingCounts(t *testing.T) {
	_, reports := foundCollege(t)
	got, err := reports.Findings(t.Context(), "2026-autumn", false, report.FindingFilter{Sponsorship: true, Rule: "E-12"})
	if err != nil {
		t.Fatal(err)
	}
	want := []report.RuleCount{
		{Rule: "A-2", Total: 1}, {Rule: "A-5", Total: 1, Due: 1}, {Rule: "E-12", Total: 2, Due: 2}, {Rule: "E-18", Total: 1}, {Rule: "E-8", Total: 1},
	}
	if diff := cmp.Diff(want, got.Rules); diff != "" { // it is 19 November, and the 20th is still to come
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestFindingPagesMeetEachOnce(t *testing.T) {
	_, reports := foundCollege(t)
	var all []int64
	for after := int64(0); ; {
		page, err := reports.FindingPage(t.Context(), report.FindingFilter{State: report.EitherWay, After: after, Limit: 3, Sponsorship: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page {
			all = append(all, f.ID)
		}
		if len(page) < 3 {
			break
		}
		after = page[2].ID
	}
	if len(all) != 9 || !slices.IsSorted(all) {
		t.Errorf("findings = %v, want nine in their order", all)
	}
}

func TestStudentPageHasFindingsFactsAndEarlierJudgements(t *testing.T) {
	s, reports := foundCollege(t)
	london := func(text string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	var facts []engagement.Noted
	add := func(student string, f engagement.Fact) {
		f.By = "lee"
		facts = append(facts, engagement.Noted{Student: student, Fact: f})
	}
	for _, at := range []string{"2026-11-02 09:00", "2026-11-02 10:00", "2026-11-04 10:00", "2026-11-09 08:00"} {
		add("s1", engagement.Fact{Kind: engagement.Login, At: london(at)})
	}
	add("s1", engagement.Fact{Kind: engagement.Meeting, At: london("2026-11-03 14:00"), Of: "tutor", Value: "missed"})
	add("s1", engagement.Fact{Kind: engagement.Permission, At: london("2026-09-01 00:00"), Until: london("2027-12-31 00:00"), Value: "study"})
	add("s1", engagement.Fact{Kind: engagement.Meeting, At: london("2027-02-03 14:00"), Of: "tutor", Value: "missed"})
	add("s2", engagement.Fact{Kind: engagement.Meeting, At: london("2026-11-03 14:00"), Of: "tutor", Value: "met"})
	if err := s.AddFacts(t.Context(), facts, nil, collegeNow); err != nil {
		t.Fatal(err)
	}
	_, err := s.write.ExecContext(t.Context(), `INSERT INTO mark_past (student_id, session_id, code, source, reason, policy, judged_at, replaced_at)
		VALUES ('s1', 'e1', 'A', 'complete', 'No tap', 'college v1', $1, $2)`, london("2026-10-05 10:00").UnixMilli(), london("2026-10-05 17:00").UnixMilli())
	if err != nil {
		t.Fatal(err)
	}

	got, err := reports.Student(t.Context(), "s1", "2026-autumn", true)
	if err != nil {
		t.Fatal(err)
	}
	if said(got.Findings) != "s1 E-12 2026-11-30; s1 E-8" {
		t.Errorf("findings = %s", said(got.Findings))
	}
	if kinds := fmt.Sprint(shownKinds(got.Facts)); kinds != "[meeting permission]" {
		t.Errorf("facts = %s, want the meeting of the term and the permission that covers it", kinds)
	}
	want := []report.LoginWeek{
		{Monday: "2026-11-09", Logins: 1, Days: 1, LastAt: london("2026-11-09 08:00")},
		{Monday: "2026-11-02", Logins: 3, Days: 2, LastAt: london("2026-11-04 10:00")},
	}
	if diff := cmp.Diff(want, got.Logins); diff != "" {
		t.Errorf("log-ins (-want +got):\n%s", diff)
	}
	for _, c := range got.Contacts {
		if n := len(c.Replaced); (c.Session.ID == "e1") != (n == 1) {
			t.Errorf("session %s has %d earlier judgements", c.Session.ID, n)
		}
	}

	plain, err := reports.Student(t.Context(), "s1", "2026-autumn", false)
	if err != nil {
		t.Fatal(err)
	}
	if len(plain.Findings) != 0 || fmt.Sprint(shownKinds(plain.Facts)) != "[meeting]" || len(plain.Logins) != 2 {
		t.Errorf("without sponsorship: %s, %v, %d weeks of log-ins; want the meeting and the log-ins alone", said(plain.Findings), shownKinds(plain.Facts), len(plain.Logins))
	}
}

func shownKinds(facts []report.Fact) []engagement.Kind {
	var kinds []engagement.Kind
	for _, f := range facts {
		kinds = append(kinds, f.Kind)
	}
	return kinds
}

// Contacts of all kinds are counted where the standing is: sessions, meetings and coursework. An authorised absence excuses from each.
func TestStandingCountsContactsOfAllKinds(t *testing.T) {
	c := newCourt(t)
	for n := range 3 {
		c.lesson(n)
	}
	c.tap("card of s1", monday)
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 7))
	outcome := func(day int, of, value string) engagement.Noted {
		return engagement.Noted{Student: "s1", Fact: engagement.Fact{Kind: engagement.Submission, At: monday.AddDate(0, 0, day).Add(3 * time.Hour), Of: of, Value: value, By: "vle"}}
	}
	facts := []engagement.Noted{outcome(0, "essay", "met"), outcome(1, "report", "missed"), outcome(2, "poster", "missed"), outcome(3, "quiz", "expected")}
	if err := c.store.AddFacts(t.Context(), facts, nil, monday); err != nil {
		t.Fatal(err)
	}
	c.exec(`INSERT INTO absence (student_id, since, until, reason, actor, made_at) VALUES ('s1', $1, $2, 'illness', 'lee', $1)`,
		monday.AddDate(0, 0, 2).UnixMilli(), monday.AddDate(0, 0, 2).Add(5*time.Hour).UnixMilli())
	c.now = monday.AddDate(0, 0, 7)
	c.settle()
	// Monday: a tap and an essay. Tuesday: no tap, no report. Wednesday: absent with leave. Thursday: nobody knows.
	c.expect("standing", c.text(`SELECT attended || '/' || counted || ', missed ' || missed || ', met ' || met || ', excused ' || excused || ', pending ' || pending FROM standing`),
		"1/2, missed 2, met 2, excused 2, pending 1")
	reports := report.New(c.store.ReportSource(), func() time.Time { return c.now })
	got, err := reports.Student(t.Context(), "s1", "autumn", true)
	if err != nil || got.Standing.Expected() != 7 {
		t.Errorf("expected contacts = %d, %v; want 7", got.Standing.Expected(), err)
	}
}
