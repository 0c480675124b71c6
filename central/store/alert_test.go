package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

// look lets a second pass at a moment: nobody touches the student but time.
func (c *court) look(at time.Time) {
	c.t.Helper()
	c.now = at
	if err := c.judge.Settle(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.summed()
}

// summed looks that the roll-ups, which judging changes bit by bit, are what marks and standings come to.
func (c *court) summed() {
	c.t.Helper()
	if n, err := c.store.Judgements().WrongSums(c.t.Context()); n != 0 || err != nil {
		c.t.Errorf("%d sums are wrong (%v)", n, err)
	}
}

func (c *court) alerts() string {
	return c.text(`SELECT scope || ' ' || step FROM finding WHERE rule = 'A-1' AND superseded_at IS NULL ORDER BY id`)
}

// The alert of a day is found when the day's registers have settled, without anything new being heard, and once.
func TestRow41OneAlertForADay(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.heard(monday.Add(-time.Hour), monday.Add(12*time.Hour)) // the gateway's clock is ahead of ours
	c.look(monday.Add(time.Hour + time.Second))
	c.expect("marks at the close", c.marks(), "day00=A")
	c.expect("alerts at the close", c.alerts(), "")
	c.look(monday.Add(90 * time.Minute))
	c.expect("alerts half an hour later", c.alerts(), "2026-10-05 daily")
	for range 3 {
		c.settle()
	}
	c.look(monday.AddDate(0, 0, 2))
	c.expect("all that was ever found", c.text(`SELECT rule || ' ' || step FROM finding`), "A-1 daily")
}

// A process that starts in the evening finds the alerts that were due while it was not running.
func TestAlertsAfterARestart(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.heard(monday.Add(-time.Hour), monday.Add(12*time.Hour))
	c.look(monday.Add(time.Hour + time.Second))
	c.judge = newJudge(c)
	c.look(monday.Add(5 * time.Hour))
	c.expect("alerts", c.alerts(), "2026-10-05 daily")
}

// What becomes known when a building is heard again is in an alert of its own, half an hour later.
func TestRow36LateAlert(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.look(monday.Add(5 * time.Hour))
	c.expect("alerts while the building is silent", c.alerts(), "")
	back := monday.Add(50 * time.Hour)
	c.heard(monday.Add(-time.Hour), back)
	c.now = back
	c.settle()
	c.expect("marks", c.marks(), "day00=A")
	c.look(back.Add(30*time.Minute - time.Millisecond))
	c.expect("alerts before registers settled", c.alerts(), "")
	c.look(back.Add(30 * time.Minute))
	c.expect("alerts", c.alerts(), "2026-10-05 known 2026-10-07T10:00Z late")
}

// An explanation that is accepted makes the absence authorised, and the alert no longer follows.
func TestRow40ExplanationAccepted(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.lesson(1)
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 3))
	c.absent(0) // before the close of the day
	c.look(monday.Add(90 * time.Minute))
	c.look(monday.AddDate(0, 0, 1).Add(61 * time.Minute))
	c.look(monday.AddDate(0, 0, 1).Add(2 * time.Hour))
	c.expect("alerts", c.alerts(), "2026-10-06 daily")
	c.absent(1)
	c.settle()
	c.expect("alerts after the second explanation", c.alerts(), "")
	c.expect("what is kept", c.text(`SELECT scope || ': ' || superseded_by FROM finding`), "2026-10-06: Corrected facts: the rule is not met")
}

// absent records an authorised absence on the n-th day.
func (c *court) absent(n int) {
	c.exec(`INSERT INTO absence (student_id, since, until, reason, actor, made_at) VALUES ('s1', $1, $2, 'illness', 'm', 0)`,
		monday.AddDate(0, 0, n).Add(-time.Hour).UnixMilli(), monday.AddDate(0, 0, n).Add(2*time.Hour).UnixMilli())
}

// An absence that is granted after two warnings takes both back, and what is left is found anew (G-6).
func TestRow76GrantedAfterTwoWarnings(t *testing.T) {
	c := newCourt(t)
	for n := range 8 {
		c.lesson(n)
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.now = monday.AddDate(0, 0, 9)
	c.settle()
	levels := func() string {
		return c.text(`SELECT rule || '@' || CAST(as_of / 86400000 AS TEXT) FROM finding WHERE level > 0 AND superseded_at IS NULL ORDER BY as_of`)
	}
	day := func(n int) int64 { return monday.AddDate(0, 0, n).UnixMilli() / 86400000 }
	c.expect("warnings", levels(), fmt.Sprintf("A-2@%d A-3@%d", day(3), day(7)))
	c.absent(1)
	c.absent(2)
	c.settle()
	c.expect("warnings after two days were granted", levels(), fmt.Sprintf("A-2@%d", day(5)))
	c.expect("level", c.text(`SELECT CAST(level AS TEXT) FROM standing`), "1")
	for _, n := range []int{0, 3, 4} {
		c.absent(n)
	}
	c.settle()
	c.expect("warnings after five", levels(), "")
	c.expect("level after five", c.text(`SELECT CAST(level AS TEXT) FROM standing`), "0")
	c.expect("what is kept of the ladder", c.text(`SELECT count(*) FROM finding WHERE level > 0 AND superseded_at IS NOT NULL`), "3")
}

// A new term begins with an empty count; what was found in the old one, and its deadline, stays as it is.
func TestRow49OpenCasesStay(t *testing.T) {
	c := newCourt(t)
	c.exec(`UPDATE term SET last_day = '2026-10-16' WHERE id = 'autumn'`)
	c.exec(`INSERT INTO term VALUES ('next', 'Next', '2026-10-17', '2026-12-11')`)
	for n := range 14 {
		c.lesson(n) // the twelfth is on the last day of the first term
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 30))
	c.now = monday.AddDate(0, 0, 11).Add(3 * time.Hour)
	c.settle()
	found := func() string {
		return c.text(`SELECT id || ' ' || rule FROM finding WHERE level > 0 AND superseded_at IS NULL ORDER BY id`)
	}
	before := found()
	c.look(monday.AddDate(0, 0, 14))
	c.expect("findings in the next term", found(), before)
	c.expect("standings", c.text(`SELECT term_id || ' ' || missed || '/' || level || ' ' || deadline FROM standing ORDER BY term_id`),
		"autumn 12/4 2026-10-24 next 2/0 ")
}

// A report that was made, or that is not needed, has no deadline any more.
func TestAnsweredReportIsNotDue(t *testing.T) {
	tests := []struct {
		kind  engagement.Kind
		steps string
	}{
		{engagement.Reported, "report to ukvi, expel"},
		{engagement.Satisfied, "report to ukvi, inform ukvi"},
		{engagement.Remark, "report to ukvi, overdue"},
	}
	for _, tt := range tests {
		c := newCourt(t)
		for n := range 10 {
			c.lesson(n)
		}
		c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 30))
		c.now = monday.AddDate(0, 0, 12)
		c.settle()
		c.expect("deadline", c.text(`SELECT deadline FROM standing`), "2026-10-24")
		fact := engagement.Noted{Student: "s1", Fact: engagement.Fact{Kind: tt.kind, At: c.now, Of: "A-5", By: "m"}}
		if err := c.store.AddFacts(t.Context(), []engagement.Noted{fact}, nil, c.now); err != nil {
			t.Fatal(err)
		}
		c.look(monday.AddDate(0, 0, 30))
		want := map[engagement.Kind]string{engagement.Remark: "2026-10-24"}[tt.kind]
		c.expect("deadline after "+string(tt.kind), c.text(`SELECT deadline FROM standing`), want)
		c.expect("what follows after "+string(tt.kind), c.text(`SELECT string_agg(step, ', ') FROM
			(SELECT step FROM finding WHERE rule IN ('A-5', 'A-6', 'A-7') AND superseded_at IS NULL ORDER BY id) AS f`), tt.steps)
	}
}
