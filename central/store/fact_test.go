package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/judge"
)

// A fact that is recorded has its student judged again and comes back as it was told.
func TestFactsComeBack(t *testing.T) {
	c := newCourt(t)
	c.settle()
	told := []engagement.Noted{
		{Student: "s1", Fact: engagement.Fact{Kind: engagement.Login, At: monday, By: "moodle"}},
		{Student: "s1", Fact: engagement.Fact{Kind: engagement.Placement, At: monday, Until: monday.AddDate(0, 1, 0), Of: "Acme", Amount: 1200, Value: "v", Note: "n", By: "m"}},
		{Fact: engagement.Fact{Kind: engagement.Audit, At: monday, Of: "immigration", By: "m"}},
	}
	known := map[engagement.Kind]time.Time{engagement.Login: monday.AddDate(0, 0, 7)}
	if err := c.store.AddFacts(t.Context(), told, known, monday); err != nil {
		t.Fatal(err)
	}
	if n, err := c.store.Judgements().DirtyCount(t.Context()); err != nil || n != 1 {
		t.Errorf("DirtyCount = %d, %v; want 1", n, err)
	}
	earlier := map[engagement.Kind]time.Time{engagement.Login: monday}
	if err := c.store.AddFacts(t.Context(), nil, earlier, monday); err != nil { // a feed never goes back
		t.Fatal(err)
	}
	cases, err := c.store.Judgements().Cases(t.Context(), []judge.Dirty{{Student: "s1"}})
	if err != nil {
		t.Fatal(err)
	}
	var want []engagement.Fact
	for i, n := range told[:2] {
		f := n.Fact
		f.ID, f.RecordedAt = cases[0].Events[i].ID, monday
		want = append(want, f)
	}
	if diff := cmp.Diff(want, cases[0].Events); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(known, cases[0].Known); diff != "" {
		t.Errorf("feeds (-want +got):\n%s", diff)
	}
}

// Time alone can meet a rule: once a day everybody is judged again, and once only.
func TestEverybodyIsJudgedOnceADay(t *testing.T) {
	c := newCourt(t)
	c.settle()
	c.exec(`UPDATE standing SET missed = 99`)
	c.exec(`INSERT INTO standing (student_id, term_id, attended, counted, missed, pending, permille, level, judged_at) VALUES ('s1', 'autumn', 0, 0, 99, 0, 0, 0, 0) ON CONFLICT DO NOTHING`)
	look := func() {
		t.Helper()
		if err := c.judge.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	look()
	c.expect("the same day", c.text(`SELECT CAST(missed AS TEXT) FROM standing`), "99")
	c.now = c.now.AddDate(0, 0, 1)
	look()
	c.expect("the day after", c.text(`SELECT CAST(missed AS TEXT) FROM standing`), "")
}

// A judgement that another replaces stays on record; that nothing was known yet is no judgement.
func TestReplacedJudgementsAreKept(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.now = monday.Add(3 * time.Hour)
	c.settle()
	c.heard(monday.Add(-time.Hour), monday.Add(2*time.Hour))
	c.settle()
	c.expect("marks", c.marks(), "day00=A")
	c.now = monday.Add(4 * time.Hour)
	c.tap("card of s1", monday.Add(2*time.Minute))
	c.settle()
	c.expect("marks with the tap", c.marks(), "day00=P")
	c.expect("what was said before", c.text(`SELECT session_id || '=' || code || ' ' || source || ' ' || policy FROM mark_past`), "day00=A complete college v1")
}
