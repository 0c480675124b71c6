package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"text/template"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
)

// collegeNow is the present of testdata/small_college.sql.
var collegeNow = time.Date(2026, 11, 19, 10, 20, 0, 0, time.UTC)

// smallCollege opens a database with the facts of testdata/small_college.sql.
func smallCollege(t testing.TB) (*Store, *report.Reports) {
	t.Helper()
	s := openTest(t)
	fillCollege(t, s)
	return s, report.New(s.ReportSource(), func() time.Time { return collegeNow })
}

// marksOf is a column marks of mark_week made in SQL, of columns in the order of the view mark.
func (s *Store) marksOf(columns string) string {
	return s.dialect.types.Replace(`'[' || string_agg(CAST({{array}}(` + columns + `) AS TEXT), ',') || ']'`)
}

// fillCollege runs the script. What the engines write differently, instants and octets, are functions of it.
func fillCollege(t testing.TB, s *Store) {
	t.Helper()
	octets := func(hex string) string { return "x'" + hex + "'" }
	if s.dialect == postgresDialect {
		octets = func(hex string) string { return `CAST('\x` + hex + `' AS BYTEA)` }
	}
	script, err := template.New("small_college.sql").Funcs(template.FuncMap{
		"ms": func(text string) (int64, error) {
			at, err := time.Parse("2006-01-02 15:04:05", (text + ":00")[:19])
			return at.UnixMilli(), err
		},
		"hex":    octets,
		"week":   weekOf,
		"marks":  s.marksOf,
		"digest": func(n int) string { return octets(fmt.Sprintf("%064d", n)) },
	}).ParseFiles("testdata/small_college.sql")
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := script.Execute(&text, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(context.Background(), text.String()); err != nil {
		t.Fatal(err)
	}
	if err := s.Judgements().Recount(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestOverviewOfSmallCollege(t *testing.T) {
	_, reports := smallCollege(t)
	o, err := reports.Overview(t.Context(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	want := report.Totals{
		Students: 5, Rate: report.Rate{Attended: 811, Counted: 903}, // 1/2 + 1/1 + 90/100 + 719/800
		Below90: 2, Below85: 1, Below80: 1, // 719/800 is 89.875 %, 90/100 is not below 90
		TenMissed: 1, TenVisa: 1, Due: 1, FirstDue: "2026-11-20", Pending: 2, PendingFor: 2,
	}
	if diff := cmp.Diff(o.Totals, want); diff != "" {
		t.Errorf("totals, got - want +:\n%s", diff)
	}
	if got, want := o.Totals.Rate.String(), "89.8%"; got != want {
		t.Errorf("rate = %s, want %s", got, want)
	}
	if o.Term.ID != "2026-autumn" {
		t.Errorf("present term = %s, want 2026-autumn", o.Term.ID)
	}
	if o.Gateways != 2 || len(o.Silent) != 1 || o.Silent[0].ID != "gw-2" || o.Silent[0].Missing != 30 {
		t.Errorf("gateways = %d, silent = %+v, want 2 and gw-2 that holds 30 records more", o.Gateways, o.Silent)
	}
	masked, err := reports.Overview(t.Context(), "", false)
	if err != nil {
		t.Fatal(err)
	}
	if masked.Totals.TenVisa != 0 || masked.Totals.Due != 0 || masked.Totals.FirstDue != "" {
		t.Errorf("totals without sponsorship = %+v, want nothing of it", masked.Totals)
	}
}

func TestWeeksOfSmallCollege(t *testing.T) {
	_, reports := smallCollege(t)
	o, err := reports.Overview(t.Context(), "", true)
	if err != nil {
		t.Fatal(err)
	}
	// Only sessions that are over count: e4 is still on. U and X count nowhere.
	want := map[int]report.Rate{2: {Attended: 1, Counted: 2}, 5: {Counted: 2}, 8: {Attended: 2, Counted: 2}}
	if len(o.Trend.Weeks) != 8 {
		t.Fatalf("weeks = %d, want 8: from 28 September to the week of 16 November", len(o.Trend.Weeks))
	}
	for _, w := range o.Trend.Weeks {
		if w.Rate != want[w.Number] {
			t.Errorf("week %d of %s = %+v, want %+v", w.Number, w.Monday, w.Rate, want[w.Number])
		}
	}
	if o.Trend.Weeks[7].Monday != "2026-11-16" {
		t.Errorf("week 8 begins on %s, want 2026-11-16", o.Trend.Weeks[7].Monday)
	}
	var got []string
	for _, d := range o.Trend.Departments {
		got = append(got, d.Department+" "+d.Rate.String())
	}
	if diff := cmp.Diff(got, []string{"Computing 25.0%", "Law 100.0%"}); diff != "" {
		t.Errorf("departments, got - want +:\n%s", diff)
	}
}

func TestStudentsFilterAndOrder(t *testing.T) {
	final := report.FinalWarning
	ukvi := report.ReportToUKVI
	good := report.Good
	tests := []struct {
		name   string
		filter report.Filter
		want   []string
	}{
		{"most urgent first", report.Filter{Sponsorship: true}, []string{"s4", "s3", "s1", "s2", "s5"}},
		{"lowest attendance first", report.Filter{Order: report.ByAttendance}, []string{"s1", "s4", "s3", "s2", "s5"}},
		{"highest attendance first", report.Filter{Order: report.ByAttDesc}, []string{"s2", "s5", "s3", "s4", "s1"}},
		{"by name", report.Filter{Order: report.ByName}, []string{"s3", "s1", "s2", "s4", "s5"}},
		{"by name reversed", report.Filter{Order: report.ByNameDesc}, []string{"s5", "s4", "s2", "s1", "s3"}},
		{"most missed first", report.Filter{Order: report.ByMissedDesc}, []string{"s4", "s3", "s1", "s2", "s5"}},
		{"fewest missed first", report.Filter{Order: report.ByMissed}, []string{"s2", "s5", "s1", "s3", "s4"}},
		{"second page of two", report.Filter{Order: report.ByNumber, Limit: 2, Offset: 2}, []string{"s3", "s4"}},
		{"after a number", report.Filter{Order: report.ByNumber, After: "s3"}, []string{"s4", "s5"}},
		{"part of a name, other case", report.Filter{Search: "bYR"}, []string{"s1"}},
		{"beginning of a number", report.Filter{Search: "S2"}, []string{"s2"}},
		{"underscore is a sign, not a wildcard", report.Filter{Search: "e_m"}, []string{"s5"}},
		{"percent is a sign, not a wildcard", report.Filter{Search: "%"}, nil},
		{"quote", report.Filter{Search: "o'h"}, []string{"s2"}},
		{"department", report.Filter{Department: "Law", Order: report.ByNumber}, []string{"s2", "s3"}},
		{"visa", report.Filter{Visa: true, Order: report.ByNumber, Sponsorship: true}, []string{"s1", "s4"}},
		{"visa is no question without the right", report.Filter{Visa: true, Order: report.ByNumber}, []string{"s1", "s2", "s3", "s4", "s5"}},
		{"below 90, strictly", report.Filter{Below: 90, Order: report.ByNumber}, []string{"s1", "s4"}},
		{"ten missed", report.Filter{MissedFrom: 10}, []string{"s4"}},
		{"report due", report.Filter{Due: true, Sponsorship: true}, []string{"s4"}},
		{"pending", report.Filter{Pending: true, Order: report.ByNumber}, []string{"s2", "s3"}},
		{"level", report.Filter{Level: &ukvi, Sponsorship: true}, []string{"s4"}},
		{"good standing, also of whom nothing was judged", report.Filter{Level: &good, Order: report.ByNumber}, []string{"s1", "s2", "s5"}},
		{"worst level without the right is final", report.Filter{Level: &final}, []string{"s4"}},
		{"UKVI level without the right is nobody", report.Filter{Level: &ukvi}, nil},
	}
	_, reports := smallCollege(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := reports.Students(t.Context(), "2026-autumn", tt.filter)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range list.Rows {
				got = append(got, row.ID)
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("students, got - want +:\n%s", diff)
			}
			if tt.filter.Limit > 0 || tt.filter.After != "" {
				return
			}
			if list.Total != len(tt.want) {
				t.Errorf("total = %d, want %d", list.Total, len(tt.want))
			}
			if diff := cmp.Diff(page(t, reports, tt.filter, 2), tt.want); diff != "" {
				t.Errorf("students in pages of two, got - want +:\n%s", diff)
			}
		})
	}
}

// page lists the students of a filter page by page.
func page(t *testing.T, reports *report.Reports, f report.Filter, size int) (students []string) {
	t.Helper()
	for f.Limit = size; ; f.Offset += size {
		list, err := reports.Students(t.Context(), "2026-autumn", f)
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Rows) == 0 {
			return students
		}
		for _, row := range list.Rows {
			students = append(students, row.ID)
		}
	}
}

func TestStudentsRefuseWhatCannotBeAsked(t *testing.T) {
	level := report.Level(9)
	_, reports := smallCollege(t)
	for _, f := range []report.Filter{{Order: "id; DROP TABLE student"}, {Level: &level}, {Offset: -1}} {
		if _, err := reports.Students(t.Context(), "", f); !errors.Is(err, report.ErrQuery) {
			t.Errorf("Students(%+v) = %v, want ErrQuery", f, err)
		}
	}
	if _, err := reports.Students(t.Context(), "2031-autumn", report.Filter{}); !errors.Is(err, report.ErrNotFound) {
		t.Errorf("unknown term: %v, want ErrNotFound", err)
	}
}

// placed is where a student's page shows each tap.
func placed(s report.Student) map[string]string {
	where := make(map[string]string)
	for _, c := range s.Contacts {
		if c.Credited != nil {
			where[c.Credited.ID] = "credited to " + c.Session.ID
		}
		for _, t := range c.Others {
			where[t.ID] = "beside " + c.Session.ID
		}
	}
	for _, t := range s.Loose {
		where[t.ID] = "elsewhere"
	}
	return where
}

func TestStudentShowsEveryTapOnce(t *testing.T) {
	_, reports := smallCollege(t)
	s, err := reports.Student(t.Context(), "s1", "", true)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"1111111111111111/10": "credited to e1",
		"1111111111111111/11": "beside e1",
		"1111111111111111/20": "beside e2", // ten minutes before the register opened
		"1111111111111111/25": "elsewhere",
		"1111111111111111/50": "credited to e4",
	}
	if diff := cmp.Diff(placed(s), want); diff != "" {
		t.Errorf("taps, got - want +:\n%s", diff)
	}
	if got := s.Contacts[0].Session.ID + s.Contacts[1].Session.ID + s.Contacts[2].Session.ID; got != "e4e2e1" {
		t.Errorf("sessions = %s, want e4e2e1: newest first", got)
	}
	credited := s.Contacts[2].Credited
	wantTap := report.Tap{
		ID: "1111111111111111/10", At: time.Date(2026, 10, 5, 8, 3, 12, 345e6, time.UTC), Point: "A-101/door", Room: "A-101", Gateway: "gw-1",
		Digest: "0000000000000000000000000000000000000000000000000000000000000001", Evidence: "card", Outcome: "accepted", Session: "e1",
		Timetable: 3, Quality: "synchronised", WithinMS: 12, Time: "stamped", StampedAt: time.Date(2026, 10, 5, 8, 3, 12, 345e6, time.UTC),
		Student: "s1", Name: "Ada Byron", Credits: "e1",
	}
	if diff := cmp.Diff(*credited, wantTap); diff != "" {
		t.Errorf("credited tap, got - want +:\n%s", diff)
	}
	refused := s.Contacts[1].Others[0]
	if refused.Light() != "red" || refused.Why() != "no register was open in this room" {
		t.Errorf("refused tap: %s light, %q", refused.Light(), refused.Why())
	}
}

func TestStudentSaysWhichReadersAreMissing(t *testing.T) {
	_, reports := smallCollege(t)
	s, err := reports.Student(t.Context(), "s2", "", true)
	if err != nil {
		t.Fatal(err)
	}
	var silent []report.Coverage
	for _, c := range s.Contacts {
		if c.Session.ID == "e3" {
			silent = c.Silent
		} else if len(c.Silent) > 0 {
			t.Errorf("session %s names silent points %v, but its mark is known", c.Session.ID, c.Silent)
		}
	}
	until := time.Date(2026, 11, 17, 11, 15, 0, 0, time.UTC)
	want := []report.Coverage{{Point: "C-1/door", Room: "C-1", Building: "B2", Gateways: []string{"gw-2"}, Permille: 500, Until: &until}}
	if diff := cmp.Diff(silent, want); diff != "" {
		t.Errorf("silent points, got - want +:\n%s", diff)
	}
}

func TestStudentFindingsAndSponsorship(t *testing.T) {
	_, reports := smallCollege(t)
	rules := func(sponsorship bool) (got []string, row report.StudentRow) {
		s, err := reports.Student(t.Context(), "s4", "", sponsorship)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Findings {
			state := "stands"
			if f.SupersededAt != nil {
				state = f.SupersededBy
			}
			got = append(got, f.Rule+": "+state)
		}
		return got, s.StudentRow
	}
	got, row := rules(true)
	if diff := cmp.Diff(got, []string{"A-5: stands", "A-2: an absence was authorised"}); diff != "" {
		t.Errorf("findings, got - want +:\n%s", diff)
	}
	if !row.Visa || row.Standing.Level != report.ReportToUKVI || row.Standing.Deadline != "2026-11-20" {
		t.Errorf("student with sponsorship = %+v", row)
	}
	got, row = rules(false)
	if diff := cmp.Diff(got, []string{"A-2: an absence was authorised"}); diff != "" {
		t.Errorf("findings without sponsorship, got - want +:\n%s", diff)
	}
	if row.Visa || row.Standing.Level != report.FinalWarning || row.Standing.Deadline != "" {
		t.Errorf("student without sponsorship = %+v", row)
	}
	if _, err := reports.Student(t.Context(), "nobody", "", true); !errors.Is(err, report.ErrNotFound) {
		t.Errorf("unknown student: %v, want ErrNotFound", err)
	}
}

// Who is on the list and was judged without a mark is not in the register: on leave, say.
func TestRegisterLeavesOutWhoIsNotExpected(t *testing.T) {
	_, reports := smallCollege(t)
	reg, err := reports.Register(t.Context(), "e4")
	if err != nil {
		t.Fatal(err)
	}
	if len(reg.Rows) != 1 || reg.Rows[0].Student != "s1" {
		t.Errorf("rows = %+v, want s1 alone", reg.Rows)
	}
}

func TestRegisterOfSession(t *testing.T) {
	s, reports := smallCollege(t)
	if _, err := s.write.Exec(`INSERT INTO dirty VALUES ('s4', 1)`); err != nil { // the list is new: s4 waits to be judged
		t.Fatal(err)
	}
	reg, err := reports.Register(t.Context(), "e4")
	if err != nil {
		t.Fatal(err)
	}
	if reg.Session.Expected != 2 || reg.Session.Marks.Present() != 1 {
		t.Errorf("counts = %d expected, %d there, want 2 and 1", reg.Session.Expected, reg.Session.Marks.Present())
	}
	var got []string
	for _, row := range reg.Rows {
		tap := "none"
		if row.Tap != nil {
			tap = row.Tap.ID
		}
		got = append(got, row.Student+" "+string(row.Mark.Code)+" "+tap)
	}
	if diff := cmp.Diff(got, []string{"s1 P 1111111111111111/50", "s4  none"}); diff != "" {
		t.Errorf("rows, got - want +:\n%s", diff)
	}
	// The window is 09:30 to 11:00, now is 10:20: the door is proved for 49 of 50 minutes, the rear for none.
	covered := map[string]int64{}
	for _, c := range reg.Coverage {
		covered[c.Point] = c.Permille
	}
	if diff := cmp.Diff(covered, map[string]int64{"A-101/door": 980, "A-101/rear": 0}); diff != "" {
		t.Errorf("coverage, got - want +:\n%s", diff)
	}
	if _, err := reports.Register(t.Context(), "e99"); !errors.Is(err, report.ErrNotFound) {
		t.Errorf("unknown session: %v, want ErrNotFound", err)
	}
}

func TestSessionsOverlapAndPages(t *testing.T) {
	_, reports := smallCollege(t)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	tests := []struct {
		name string
		q    report.SessionQuery
		want string
	}{
		{"a day", report.SessionQuery{From: at(19, 0, 0), To: at(20, 0, 0)}, "e4e5"},
		{"one that is on", report.SessionQuery{From: at(19, 10, 30), To: at(19, 10, 31)}, "e4"},
		{"ending at from is outside", report.SessionQuery{From: at(19, 11, 0), To: at(19, 14, 0)}, ""},
		{"first page", report.SessionQuery{From: at(12, 0, 0), To: at(20, 0, 0), Limit: 2}, "e6e3"},
		{"next page", report.SessionQuery{From: at(12, 0, 0), To: at(20, 0, 0), Limit: 2, After: at(17, 11, 0), AfterID: "e3"}, "e7e4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sessions, err := reports.Sessions(t.Context(), tt.q)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, e := range sessions {
				got += e.ID
			}
			if got != tt.want {
				t.Errorf("sessions = %s, want %s", got, tt.want)
			}
		})
	}
	if _, err := reports.Sessions(t.Context(), report.SessionQuery{From: at(19, 0, 0), To: at(19, 0, 0)}); !errors.Is(err, report.ErrQuery) {
		t.Errorf("empty interval: %v, want ErrQuery", err)
	}
}

func TestTapsByPage(t *testing.T) {
	_, reports := smallCollege(t)
	q := report.TapQuery{From: time.Date(2026, 10, 26, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 19, 10, 1, 0, 0, time.UTC), Limit: 2}
	var got []string
	for {
		taps, err := reports.Taps(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, tap := range taps {
			got = append(got, tap.ID[17:]+" "+tap.Student+" "+tap.Credits)
		}
		if len(taps) < q.Limit {
			break
		}
		if q.After, err = contract.ParseTapID(taps[len(taps)-1].ID); err != nil {
			t.Fatal(err)
		}
	}
	// By number, not by time; 51 is at the end of the interval, which is outside.
	want := []string{"20 s1 ", "25 s1 ", "40 s3 e7", "41 s2 e7", "50 s1 e4"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("taps, got - want +:\n%s", diff)
	}
}

func TestRecentTapsAndUnknownCard(t *testing.T) {
	_, reports := smallCollege(t)
	taps, err := reports.RecentTaps(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(taps) != 3 || taps[0].ID != "1111111111111111/51" || taps[1].ID != "1111111111111111/50" || taps[2].ID != "1111111111111111/41" {
		t.Fatalf("recent taps = %+v, want 51, 50, 41", taps)
	}
	if taps[0].Student != "" || taps[0].Reason != "unknown_card" || taps[0].Light() != "red" {
		t.Errorf("tap of an unknown card = %+v", taps[0])
	}
}

func TestGatewaysOfSmallCollege(t *testing.T) {
	_, reports := smallCollege(t)
	fleet, err := reports.Gateways(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(fleet) != 2 {
		t.Fatalf("gateways = %d, want 2", len(fleet))
	}
	one, two := fleet[0], fleet[1]
	if one.Silent || one.Build != "1.2.0" || one.Timetable != 7 || one.Published != 8 || one.Up != 2 || len(one.Readers) != 3 || one.Missing != 0 {
		t.Errorf("gw-1 = %+v", one)
	}
	if one.Readers[2].Trouble != "no answer since 10:02" {
		t.Errorf("trouble = %q", one.Readers[2].Trouble)
	}
	if !two.Silent || two.Missing != 30 || two.Build != "" {
		t.Errorf("gw-2 = %+v, want silent with 30 records missing", two)
	}
}

func TestAmendmentIsAddedAndMarksDirty(t *testing.T) {
	s, reports := smallCollege(t)
	a := report.Amendment{Student: "s1", Session: "e2", Code: "E", Reason: "hospital letter", Actor: "priya", MadeAt: collegeNow}
	if err := s.AddAmendment(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	reg, err := reports.Register(t.Context(), "e2")
	if err != nil {
		t.Fatal(err)
	}
	if len(reg.Amendments) != 2 || reg.Amendments[1] != a {
		t.Errorf("amendments = %+v, want the old one and %+v", reg.Amendments, a)
	}
	if diff := cmp.Diff(dirtyStudents(t, s), []string{"s1"}); diff != "" {
		t.Errorf("dirty, got - want +:\n%s", diff)
	}
	a.Session = "e3" // s1 is not expected there
	if err := s.AddAmendment(t.Context(), a); !errors.Is(err, report.ErrNotFound) {
		t.Errorf("amendment of somebody not on the list: %v, want ErrNotFound", err)
	}
}

func TestCloseRegister(t *testing.T) {
	s, reports := smallCollege(t)
	c := report.Closure{Actor: "priya", Reason: "gateway stolen", MadeAt: collegeNow}
	if err := s.CloseRegister(t.Context(), "e3", c); err != nil {
		t.Fatal(err)
	}
	reg, err := reports.Register(t.Context(), "e3")
	if err != nil {
		t.Fatal(err)
	}
	if reg.Session.ClosedBy != "priya" || len(reg.Closures) != 1 || reg.Closures[0] != c {
		t.Errorf("closed by %q with %+v, want priya with %+v", reg.Session.ClosedBy, reg.Closures, c)
	}
	if diff := cmp.Diff(dirtyStudents(t, s), []string{"s2", "s3"}); diff != "" {
		t.Errorf("dirty, got - want +:\n%s", diff)
	}
	if err := s.CloseRegister(t.Context(), "e99", c); !errors.Is(err, report.ErrNotFound) {
		t.Errorf("unknown session: %v, want ErrNotFound", err)
	}
}

func dirtyStudents(t testing.TB, s *Store) []string {
	t.Helper()
	rows, err := s.read.QueryContext(context.Background(), `SELECT student_id FROM dirty ORDER BY student_id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}

// bigCollege adds 600 students with 60 marks each to the small one.
func bigCollege(b *testing.B) *report.Reports {
	b.Helper()
	s, reports := smallCollege(b)
	_, err := s.write.ExecContext(context.Background(), `
		WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 699)
		INSERT INTO student (id, name, department) SELECT 's' || i, 'Student ' || i, 'Faculty ' || (i % 12) FROM n;
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1199)
		INSERT INTO session (id, module_id, starts_at, ends_at, opens_at, closes_at)
			SELECT 'big' || i, 'CS101', t, t + 3600000, t - 1800000, t + 3600000 FROM (SELECT i, 1790582400000 + CAST(i AS BIGINT) * 3600000 AS t FROM n) AS hour; -- from 2026-09-28 08:00
		INSERT INTO mark_week (student_id, week, marks)
			SELECT s.id, `+weekOf("e.starts_at")+`, `+s.marksOf(`e.id, '2026-autumn', e.starts_at, CASE WHEN e.i % 9 = 0 THEN 'A' ELSE 'P' END, 'tap', '', '', 0, '', 0, 0`)+`
			FROM (SELECT id, CAST(substr(id, 2) AS INTEGER) AS i FROM student WHERE id LIKE 's___') s
			JOIN (SELECT id, starts_at, CAST(substr(id, 4) AS INTEGER) AS i FROM session WHERE id LIKE 'big%') e ON (s.i + e.i) % 20 = 0 GROUP BY 1, 2;
		INSERT INTO standing (student_id, term_id, attended, counted, missed, pending, permille, level, judged_at)
			SELECT student_id, term_id, count(*) FILTER (WHERE code = 'P'), count(*), count(*) FILTER (WHERE code = 'A'), 0,
				count(*) FILTER (WHERE code = 'P') * 1000 / count(*), 0, 0
			FROM mark WHERE session_id LIKE 'big%' GROUP BY student_id, term_id;`)
	if err != nil {
		b.Fatal(err)
	}
	return reports
}

func BenchmarkOverview(b *testing.B) { onEngine(b, benchmarkOverview) }

func benchmarkOverview(b *testing.B) {
	reports := bigCollege(b)
	for b.Loop() {
		if _, err := reports.Overview(context.Background(), "", true); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStudentsPage(b *testing.B) { onEngine(b, benchmarkStudentsPage) }

func benchmarkStudentsPage(b *testing.B) {
	reports := bigCollege(b)
	for b.Loop() {
		if _, err := reports.Students(context.Background(), "", report.Filter{Limit: 25, Sponsorship: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStudentRecord(b *testing.B) { onEngine(b, benchmarkStudentRecord) }

func benchmarkStudentRecord(b *testing.B) {
	reports := bigCollege(b)
	for b.Loop() {
		if _, err := reports.Student(context.Background(), "s150", "", true); err != nil {
			b.Fatal(err)
		}
	}
}
