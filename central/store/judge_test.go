package store

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// court is a judge over a real database with one building, one room with one reader, and a clock that the test sets.
type court struct {
	t     testing.TB
	store *Store
	judge *judge.Judge
	now   time.Time
	seq   int
	desk  *policy.Desk
}

// Book implements judge.Policies.
func (c *court) Book(ctx context.Context) (*policy.Book, error) { return c.desk.Book(ctx) }

// policyText is the college's policy with lines replaced: old, new, old, new.
func policyText(t testing.TB, changes ...string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../config/policies/college.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.NewReplacer(changes...).Replace(string(text)))
}

// monday is 5 October 2026, 09:00 in London.
var monday = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)

func newCourt(t testing.TB) *court {
	t.Helper()
	s := openTest(t)
	c := &court{t: t, store: s, now: monday}
	c.desk = policy.NewDesk(s, func() time.Time { return c.now })
	if err := c.desk.Start(t.Context(), "college.yaml", policyText(t)); err != nil {
		t.Fatal(err)
	}
	c.judge = newJudge(c)
	c.exec(`INSERT INTO building VALUES ('B', 'Library')`)
	c.exec(`INSERT INTO room (id, building_id, name) VALUES ('R', 'B', 'Room')`)
	c.exec(`INSERT INTO point (id, room_id) VALUES ('R/door', 'R')`)
	c.exec(`INSERT INTO module VALUES ('LAW', 'Law')`)
	c.exec(`INSERT INTO term VALUES ('autumn', 'Autumn', '2026-09-28', '2026-12-11')`)
	c.exec(`INSERT INTO student (id, name, visa) VALUES ('s1', 'Ada', TRUE)`)
	c.bind("card of s1")
	return c
}

func newJudge(c *court) *judge.Judge {
	return judge.New(judge.Options{
		Store: c.store.Judgements(), Policies: c, Log: slog.New(slog.DiscardHandler),
		Registerer: prometheus.NewRegistry(), Now: func() time.Time { return c.now },
	})
}

func (c *court) exec(query string, args ...any) {
	c.t.Helper()
	if _, err := c.store.write.ExecContext(context.Background(), query, args...); err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	c.store.timetable.forget() // no import says that it changed
	c.store.heard.forget()
}

// bind gives s1 one more card.
func (c *court) bind(digest string) {
	c.exec(`INSERT INTO card (digest, student_id) VALUES ($1, 's1')`, []byte(digest))
}

// lesson adds an hour at the start of the n-th day from Monday at which s1 is expected.
func (c *court) lesson(n int) string {
	id := fmt.Sprintf("day%02d", n)
	start := monday.AddDate(0, 0, n)
	c.exec(`INSERT INTO session (id, module_id, starts_at, ends_at, opens_at, closes_at) VALUES ($1, 'LAW', $2, $3, $4, $3)`,
		id, start.UnixMilli(), start.Add(time.Hour).UnixMilli(), start.Add(-30*time.Minute).UnixMilli())
	c.exec(`INSERT INTO session_room VALUES ($1, 'R')`, id)
	c.exec(`INSERT INTO expected (session_id, student_id) VALUES ($1, 's1')`, id)
	return id
}

func (c *court) tap(digest string, at time.Time) {
	c.seq++
	c.exec(`INSERT INTO tap (stream_id, seq, at, point_id, digest, evidence, outcome, reason, session_id, timetable, quality, within)
		VALUES ($4, $1, $2, 'R/door', $3, 1, 3, 3, '', 1, 1, 0)`, c.seq, at.UnixMilli(), []byte(digest), []byte("stream01"))
}

// heard says that the reader worked and delivered from one moment to another.
func (c *court) heard(from, to time.Time) {
	c.exec(`INSERT INTO coverage (point_id, until, since, stream_id) VALUES ('R/door', $1, $2, 'stream01')`, to.UnixMilli(), from.UnixMilli())
	c.exec(`INSERT INTO watermark VALUES ('R/door', $1) ON CONFLICT (point_id) DO UPDATE SET until = excluded.until`, to.UnixMilli())
}

func (c *court) settle() {
	c.t.Helper()
	c.exec(`INSERT INTO dirty VALUES ('s1', 1) ON CONFLICT (student_id) DO UPDATE SET since = dirty.since + 1`)
	if err := c.judge.Settle(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	c.summed()
}

// text is one column of a query, joined by spaces.
func (c *court) text(query string, args ...any) string {
	c.t.Helper()
	rows, err := c.store.read.QueryContext(context.Background(), query, args...)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			c.t.Fatal(err)
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func (c *court) marks() string {
	return c.text(`SELECT session_id || '=' || code FROM mark ORDER BY session_id`)
}

func (c *court) expect(what, got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("%s = %q, want %q", what, got, want)
	}
}

func TestLateBatchTurnsUnknownIntoPresent(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.now = monday.Add(3 * time.Hour)
	c.settle()
	c.expect("marks while the building is cut off", c.marks(), "day00=U")
	c.tap("card of s1", monday.Add(2*time.Minute))
	c.heard(monday.Add(-time.Hour), monday.Add(2*time.Hour))
	c.settle()
	c.expect("marks when the batch is here", c.marks(), "day00=P")
}

func TestRow25CardBoundLaterBringsItsTaps(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.tap("new card", monday.Add(10*time.Minute))
	c.heard(monday.Add(-time.Hour), monday.Add(2*time.Hour))
	c.now = monday.Add(3 * time.Hour)
	c.settle()
	c.expect("marks before", c.marks(), "day00=A")
	c.bind("new card")
	c.settle()
	c.expect("marks after", c.marks(), "day00=P")
	c.expect("the tap behind it", c.text(`SELECT reason FROM mark`), "Tapped at 09:10:00.000 at R/door, 10:00 min after the start")
}

func TestRow26LeavingTheListTakesTheMarkAway(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.heard(monday.Add(-time.Hour), monday.Add(2*time.Hour))
	c.now = monday.Add(3 * time.Hour)
	c.settle()
	c.expect("marks before", c.marks(), "day00=A")
	c.exec(`DELETE FROM expected`)
	c.settle()
	c.expect("marks after", c.marks(), "")
	c.expect("standings after", c.text(`SELECT term_id FROM standing`), "")
}

func TestSilentBuildingProducesNothing(t *testing.T) {
	c := newCourt(t)
	for n := range 12 {
		c.lesson(n)
	}
	c.now = monday.AddDate(0, 0, 20)
	c.settle()
	c.expect("marks", strings.Trim(c.text(`SELECT DISTINCT code FROM mark`), " "), "U")
	c.expect("findings", c.text(`SELECT rule FROM finding`), "")
	c.expect("standing", c.text(`SELECT counted || '/' || missed || '/' || pending || '/' || level FROM standing`), "0/0/12/0")
	// Three weeks later the cable is mended: the right absences, with the dates on which they happened.
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.settle()
	c.expect("marks after", c.text(`SELECT DISTINCT code FROM mark`), "A")
	day := func(n int) int64 { return monday.AddDate(0, 0, n).Add(time.Hour).UnixMilli() } // when its lesson ends
	c.expect("findings after", c.text(`SELECT rule || '@' || as_of || ' due ' || deadline FROM finding WHERE level > 0 ORDER BY as_of, rule`),
		fmt.Sprintf("A-2@%d due  A-3@%d due  A-4@%d due  A-5@%d due 2026-10-24", day(3), day(7), day(9), day(9)))
	c.expect("standing after", c.text(`SELECT attended || '/' || counted || '/' || missed || '/' || level || ' ' || deadline FROM standing`), "0/12/12/4 2026-10-24")
}

func TestCorrectedFactsSupersedeFindings(t *testing.T) {
	c := newCourt(t)
	for n := range 4 {
		c.lesson(n)
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.now = monday.AddDate(0, 0, 5)
	c.settle()
	c.expect("findings", c.text(`SELECT rule FROM finding WHERE superseded_at IS NULL`), "A-2")
	c.settle()
	c.expect("findings after judging twice", c.text(`SELECT count(*) FROM finding`), "1")
	c.exec(`INSERT INTO absence (student_id, since, until, reason, actor, made_at) VALUES ('s1', $1, $2, 'illness', 'm', 0)`,
		monday.Add(-time.Hour).UnixMilli(), monday.Add(2*time.Hour).UnixMilli())
	c.settle()
	c.expect("marks with the absence", c.marks(), "day00=E day01=A day02=A day03=A")
	c.expect("open findings", c.text(`SELECT rule FROM finding WHERE superseded_at IS NULL`), "")
	c.expect("what is kept", c.text(`SELECT rule || ': ' || superseded_by FROM finding`), "A-2: Corrected facts: the rule is not met")
}

func TestRegisterIsJudgedWhenItClosesByTheClock(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.heard(monday.Add(-time.Hour), monday.Add(2*time.Hour)) // the gateway's clock is ahead of ours
	c.now = monday.Add(30 * time.Minute)
	c.settle()
	c.expect("while it is open", c.marks(), "day00=U")
	c.now = monday.Add(time.Hour + time.Millisecond)
	if err := c.judge.Settle(t.Context()); err != nil { // nothing new was heard: only time has passed
		t.Fatal(err)
	}
	c.expect("after it closed", c.marks(), "day00=A")
}

// Judging in the very millisecond at which a register closes, when it is still open, must not be the last look at it.
func TestRegisterThatClosesInTheMomentOfJudging(t *testing.T) {
	c := newCourt(t)
	c.lesson(0)
	c.heard(monday.Add(-time.Hour), monday.Add(2*time.Hour))
	c.now = monday.Add(time.Hour)
	c.settle()
	c.expect("in its last millisecond", c.marks(), "day00=U")
	c.now = c.now.Add(time.Millisecond)
	if err := c.judge.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.expect("in the next", c.marks(), "day00=A")
}

func TestFactDuringJudgingKeepsTheStudentDirty(t *testing.T) {
	c := newCourt(t)
	c.exec(`INSERT INTO dirty VALUES ('s1', 5)`)
	j := c.store.Judgements()
	dirty, err := j.Dirty(t.Context(), 10)
	if err != nil || len(dirty) != 1 {
		t.Fatalf("Dirty = %v, %v", dirty, err)
	}
	c.exec(`UPDATE dirty SET since = 6`) // a tap arrives while s1 is being judged
	if err := j.Save(t.Context(), []judge.Verdict{{Dirty: dirty[0]}}); err != nil {
		t.Fatal(err)
	}
	if n, err := j.DirtyCount(t.Context()); err != nil || n != 1 {
		t.Errorf("DirtyCount = %d, %v; want 1: the new fact is not judged yet", n, err)
	}
}

// One student's year: 300 sessions, from dirty to stored.
func BenchmarkJudgeStudent(b *testing.B) { onEngine(b, benchmarkJudgeStudent) }

func benchmarkJudgeStudent(b *testing.B) {
	c := newCourt(b)
	c.exec(`UPDATE term SET first_day = '2026-01-01', last_day = '2027-12-31'`)
	for n := range 300 {
		c.lesson(n)
		if n%8 != 0 {
			c.tap("card of s1", monday.AddDate(0, 0, n).Add(5*time.Minute))
		}
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 400))
	c.now = monday.AddDate(0, 0, 400)
	for b.Loop() {
		c.settle()
	}
}
