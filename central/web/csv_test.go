package web

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/account"
)

func TestGuardCell(t *testing.T) {
	tests := []struct{ name, cell, want string }{
		{"formula", "=1+1", "'=1+1"}, {"plus", "+44 20", "'+44 20"}, {"minus", "-1", "'-1"}, {"at", "@SUM(A1)", "'@SUM(A1)"},
		{"tab", "\t=1", "'\t=1"}, {"return", "\r=1", "'\r=1"}, {"plain", "O'Hara", "O'Hara"}, {"inside", "a=b", "a=b"}, {"empty", "", ""},
		{"not ASCII", "Ćosić", "Ćosić"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := guardCell(tt.cell); got != tt.want {
				t.Errorf("guardCell(%q) = %q, want %q", tt.cell, got, tt.want)
			}
		})
	}
}

// readSheet reads what a spreadsheet would, and demands the byte-order mark.
func readSheet(t *testing.T, got answer) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(got.text, "\ufeff")
	if !marked {
		t.Error("the file has no byte-order mark")
	}
	if got.Header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment; filename=") {
		t.Errorf("headers = %v", got.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		last := len(row) - 1
		if want := sealOfTests; i > 0 && row[last] != want || i == 0 && row[last] != "daily_seal" {
			t.Errorf("line %d ends with %q, want the column daily_seal with %q", i+1, row[last], want)
		}
		rows[i] = row[:last]
	}
	return rows
}

func TestEngagementCSV(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	rows := readSheet(t, c.get(t, p, "/engagement.csv"))
	if len(rows) != 65 {
		t.Fatalf("rows = %d, want a head and 64 students", len(rows))
	}
	want := []string{"s1", "Aisha Khan", "s1@example.org", "Computing", "BSc Computing", "6", "2026-autumn", "58", "80", "72.5", "16", "0", "76", "58", "2", "Report to UKVI", "2026-11-19T09:58:00Z", "yes", "2026-11-25"}
	if got := strings.Join(rows[1], "|"); got != strings.Join(want, "|") {
		t.Errorf("first student = %s\nwant %s", got, strings.Join(want, "|"))
	}
	if got, want := rows[4][1], `'=HYPERLINK("http://evil.example","click")`; got != want {
		t.Errorf("name that is a formula = %s, want %s", got, want)
	}
	if rows := readSheet(t, c.get(t, p, "/engagement.csv?department=Law")); len(rows) != 12 {
		t.Errorf("rows of one department = %d, want a head and 11 students", len(rows))
	}
}

func TestModulesCSV(t *testing.T) {
	c := openCampus(t, nil)
	rows := readSheet(t, c.get(t, c.hire(t, account.Compliance), "/modules.csv"))
	want := [][]string{
		{"student", "module", "term", "attended", "counted", "percent"},
		{"s1", "CS101", "2026-autumn", "2", "3", "66.6"}, {"s2", "'=ECO", "2026-autumn", "0", "0", ""},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("modules.csv (-want +got):\n%s", diff)
	}
}

func TestFindingsCSV(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	rows := readSheet(t, c.get(t, p, "/findings.csv?state=all"))
	if len(rows) != 6 {
		t.Fatalf("rows = %d, want a head and five findings", len(rows))
	}
	want := "2|s1||Aisha Khan|Computing|A-5|2026-autumn|report to ukvi|case|Report to UKVI: ten missed contacts|2026-11-25|2026-11-15T10:20:00Z|2026-11-15T10:20:00Z|college 004 v1|e/1; e2; submission essay 2026-11-09T12:00:00Z||"
	if got := strings.Join(rows[1], "|"); got != want {
		t.Errorf("first finding = %s\nwant %s", got, want)
	}
	if rows := readSheet(t, c.get(t, p, "/findings.csv?opens=task")); len(rows) != 2 {
		t.Errorf("rows that open a task = %d, want a head and one finding", len(rows))
	}
}

func TestStudentCSV(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	rows := readSheet(t, c.get(t, p, "/students/s1.csv"))
	kinds := map[string]int{}
	taps := map[string]string{}
	for _, row := range rows[1:] {
		kinds[row[0]]++
		if row[12] != "" {
			taps[row[12]] = row[16]
		}
	}
	if kinds["session"] != 7 || kinds["other tap"] != 4 {
		t.Errorf("lines = %v, want 7 sessions and 4 other taps", kinds)
	}
	want := map[string]string{tapID(17): "green", tapID(18): "green", tapID(21): "red", tapID(29): "green", tapID(30): "blue, blinking", tapID(9): "red"}
	for id, light := range want {
		if taps[id] != light {
			t.Errorf("light of tap %s = %q, want %q", id, taps[id], light)
		}
	}
}
