package store

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// A version in force from Thursday changes nothing before it: marks and findings of the old one stay, each with its name.
func TestPolicyAppliesFromItsDay(t *testing.T) {
	c := newCourt(t)
	for n := range 5 {
		c.lesson(n)
		c.tap("card of s1", monday.AddDate(0, 0, n).Add(10*time.Minute)) // ten minutes late
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.now = monday.AddDate(0, 0, 6)
	c.settle()
	c.expect("marks by the college's", c.marks(), "day00=P day01=P day02=P day03=P day04=P")

	second := policyText(t, "version: 1", "version: 2", "from: 2015-09-01", "from: 2026-10-08", "present_within: 15m", "present_within: 5m", "opens: start-30m", "opens: start-10m")
	if _, err := c.desk.Import(t.Context(), "new.yaml", second, "m.registrar"); err != nil {
		t.Fatal(err)
	}
	if err := c.judge.Settle(t.Context()); err != nil { // the import alone must have made the student dirty
		t.Fatal(err)
	}
	c.expect("marks", c.text(`SELECT session_id || '=' || code || ' ' || policy FROM mark ORDER BY session_id`),
		"day00=P college v1 day01=P college v1 day02=P college v1 day03=L college v2 day04=L college v2")
	c.expect("windows", c.text(`SELECT CAST((starts_at - opens_at) / 60000 AS TEXT) FROM session ORDER BY id`), "30 30 30 10 10")

	if err := c.store.AddPolicy(t.Context(), policy.Document{Name: "college", Version: 2, From: calendar.DayOf(monday)}, nil); !errors.Is(err, policy.ErrTwice) {
		t.Errorf("the same version again = %v, want ErrTwice", err)
	}
	documents, err := c.store.Policies(t.Context())
	if err != nil || len(documents) != 2 || string(documents[1].Text) != string(second) || documents[1].Actor != "m.registrar" || !documents[1].ImportedAt.Equal(c.now) {
		t.Errorf("Policies = %+v, %v", documents, err)
	}
}

// What was judged is what the facts give, until somebody alters a figure behind central's back.
func TestCompareFindsWhatWasAltered(t *testing.T) {
	c := newCourt(t)
	for n := range 5 {
		c.lesson(n)
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.now = monday.AddDate(0, 0, 6)
	c.settle()
	for _, tt := range []struct{ name, change, back string }{
		{"nothing", `SELECT 1`, `SELECT 1`},
		{"a mark", `UPDATE mark_week SET marks = replace(marks, '"A"', '"P"')`, `UPDATE mark_week SET marks = replace(marks, '"P"', '"A"')`},
		{"a figure", `UPDATE standing SET missed = 4`, `UPDATE standing SET missed = 5`},
		{"a finding", `UPDATE finding SET superseded_at = 1`, `UPDATE finding SET superseded_at = NULL`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c.exec(tt.change)
			defer c.exec(tt.back)
			want := 1
			if tt.name == "nothing" {
				want = 0
			}
			if got := len(c.differences(t, c.book(t))); got != want {
				t.Errorf("%d students differ, want %d", got, want)
			}
		})
	}
}

// A sum that somebody altered is found, and counted anew.
func TestWrongSumsAreFound(t *testing.T) {
	c := newCourt(t)
	for n := range 5 {
		c.lesson(n)
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.look(monday.AddDate(0, 0, 6))
	c.expect("the week", c.text(`SELECT name || ' ' || CAST(attended AS TEXT) || '/' || CAST(counted AS TEXT) FROM term_share WHERE kind = 'week'`), "2026-10-05 0/5")
	for _, alter := range []string{
		`UPDATE term_share SET attended = attended + 1 WHERE kind = 'week'`, `DELETE FROM term_share`,
	} {
		c.exec(alter)
		if n, err := c.store.Judgements().WrongSums(t.Context()); n == 0 || err != nil {
			t.Errorf("%s: %d sums are wrong (%v), want some", alter, n, err)
		}
		if err := c.store.Judgements().Recount(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.summed()
	}
}

// Trying says whom a policy would concern, and changes nothing.
func TestTryingAPolicy(t *testing.T) {
	c := newCourt(t)
	for n := range 3 {
		c.lesson(n)
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.now = monday.AddDate(0, 0, 4)
	c.settle()
	stricter := policyText(t, "policy: college", "policy: stricter", "A-2: {below: 90, missed: 4}", "A-2: {below: 90, missed: 3}")
	book, _, err := c.desk.With(t.Context(), "stricter.yaml", stricter, calendar.Day{Year: 2026, Month: time.October, Day: 1})
	if err != nil {
		t.Fatal(err)
	}
	got := c.differences(t, book)
	if len(got) != 1 || len(got[0].Found) != 1 || got[0].Found[0].Rule != "A-2" || got[0].After[0].Level.String() != "First warning" {
		t.Errorf("differences = %+v, want the first warning of s1", got)
	}
	if left := c.differences(t, c.book(t)); len(left) != 0 {
		t.Errorf("trying changed what is stored: %+v", left)
	}
}

func (c *court) book(t *testing.T) *policy.Book {
	t.Helper()
	book, err := c.desk.Book(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func (c *court) differences(t *testing.T, book *policy.Book) (all []judge.Difference) {
	t.Helper()
	students, err := c.judge.Compare(t.Context(), book, func(d judge.Difference) { all = append(all, d) })
	if err != nil || students != 1 {
		t.Fatalf("Compare = %d students, %v", students, err)
	}
	return all
}
