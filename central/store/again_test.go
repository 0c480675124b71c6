package store

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/timetable"
)

// judged is all that judging has ever said, in words.
func (c *court) judged() string {
	return c.text(`SELECT session_id || code || reason || policy || judged_at || known_at FROM mark ORDER BY session_id`) + "\n" +
		c.text(`SELECT session_id || code || reason || judged_at || replaced_at FROM mark_past ORDER BY id`) + "\n" +
		c.text(`SELECT term_id || attended || '/' || counted || '/' || missed || ' ' || level || deadline FROM standing ORDER BY term_id`) + "\n" +
		c.text(`SELECT id || rule || scope || step || summary || evidence || found_at || coalesce(superseded_at, 0) FROM finding ORDER BY id`)
}

// A file that is imported again changes nothing, has nobody judged again, and so nobody is told anything.
func TestRow78SameImportThreeTimes(t *testing.T) {
	c := newCourt(t)
	files := []struct {
		kind  timetable.Kind
		lines string
	}{
		{timetable.Sessions, "event_id,date,start,end,room_id,module_id,student_id\n" + strings.Join([]string{
			"a,2026-10-05,09:00,10:00,R,LAW,s1", "b,2026-10-06,09:00,10:00,R,LAW,s1", "c,2026-10-07,09:00,10:00,R,LAW,s1",
			"d,2026-10-08,09:00,10:00,R,LAW,s1", "e,2026-10-09,09:00,10:00,R,LAW,s1",
		}, "\n") + "\n"},
		{timetable.Absences, "student_id,from,to,reason,approved_by\ns1,2026-10-06,2026-10-06,ill,Dr No\n"},
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 15))
	c.now = monday.AddDate(0, 0, 6)
	var first string
	for n := range 3 {
		importer := (&campus{now: c.now}).importerOver(c.store)
		for _, f := range files {
			if _, err := importer.Import(t.Context(), f.kind, strings.NewReader(f.lines), timetable.Options{Actor: "m"}); err != nil {
				t.Fatal(err)
			}
		}
		if dirty, err := c.store.Judgements().DirtyCount(t.Context()); err != nil || (dirty > 0) != (n == 0) {
			t.Errorf("students to be judged after import %d = %d, %v", n+1, dirty, err)
		}
		c.look(c.now.Add(time.Hour))
		if n == 0 {
			c.look(c.now.Add(time.Hour)) // late alerts too
			first = c.judged()
			c.expect("marks", c.marks(), "a=A b=E c=A d=A e=A")
			c.expect("warnings", c.text(`SELECT step FROM finding WHERE level > 0`), "first warning")
			continue
		}
		c.expect("what is judged", c.judged(), first)
	}
}

// Whatever is found and however long it is overdue, nothing is decided and nothing leaves: judging writes judgements alone.
// A report to UKVI is a row with a deadline, evidence and a request to decide; that it was made is a fact that a person records.
func TestRow79NothingIsDoneWithoutAPerson(t *testing.T) {
	c := newCourt(t)
	for n := range 12 {
		c.lesson(n)
	}
	c.heard(monday.Add(-time.Hour), monday.AddDate(0, 0, 60))
	before := c.rows()
	c.look(monday.AddDate(0, 0, 60))
	c.expect("the case", c.text(`SELECT opens || ' by ' || deadline FROM finding WHERE level = 4`), "case by 2026-10-24")
	c.expect("its summary", c.text(`SELECT CASE WHEN summary LIKE '%decide and report%' THEN 'asks' ELSE summary END FROM finding WHERE level = 4`), "asks")
	c.expect("its evidence", c.text(`SELECT evidence FROM finding WHERE level = 4`),
		`["day00","day01","day02","day03","day04","day05","day06","day07","day08","day09"]`)
	judgements := map[string]bool{"mark": true, "mark_week": true, "standing": true, "finding": true, "run": true, "wake": true, "term_share": true}
	for table, n := range c.rows() {
		if n != before[table] && !judgements[table] {
			t.Errorf("table %s has %s rows, %s before: judging wrote to it", table, n, before[table])
		}
	}
}

// rows counts what each table holds.
func (c *court) rows() map[string]string {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(files) == 0 {
		c.t.Fatalf("migrations = %v, %v", files, err)
	}
	count := map[string]string{}
	for _, file := range files {
		text, err := fs.ReadFile(migrations, file)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, created := range regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`).FindAllStringSubmatch(string(text), -1) {
			count[created[1]] = c.text(`SELECT CAST(count(*) AS TEXT) FROM ` + created[1])
		}
	}
	return count
}
