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

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// college is a court with the importer of files, a second room Q and a policy of choice. Its clock is that of the court.
type college struct {
	*court
	importer *timetable.Importer
}

func newCollege(t testing.TB, policy string) *college {
	t.Helper()
	c := &college{court: newCourt(t)}
	text, err := os.ReadFile("../../config/policies/" + policy + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	if policy != "college" {
		if _, err := c.desk.Import(t.Context(), policy+".yaml", text, "m"); err != nil {
			t.Fatal(err)
		}
	}
	c.importer = timetable.NewImporter(timetable.ImporterOptions{
		Store: c.store, CampusKey: []byte("campus"), Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
		Windows: func(ctx context.Context) (timetable.Window, error) {
			book, err := c.desk.Book(ctx)
			return book.Window, err
		},
		Now: func() time.Time { return c.now },
	})
	c.exec(`INSERT INTO room (id, building_id, name) VALUES ('Q', 'B', 'Other room')`)
	c.exec(`INSERT INTO point (id, room_id) VALUES ('Q/door', 'Q')`)
	return c
}

// at is a time of the n-th day from Monday 5 October 2026, in summer time; the clock goes there too.
func (c *college) at(n int, clock string) time.Time {
	c.t.Helper()
	t, err := time.Parse("15:04:05 -0700", clock+" +0100")
	if err != nil {
		c.t.Fatal(err)
	}
	midnight := monday.Add(-9*time.Hour).AddDate(0, 0, n)
	c.now = midnight.Add(time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second)
	return c.now
}

// take imports lines at the present moment; force, because these files are small and take away much.
func (c *college) take(kind timetable.Kind, lines ...string) {
	c.t.Helper()
	_, err := c.importer.Import(c.t.Context(), kind, strings.NewReader(strings.Join(lines, "\n")+"\n"), timetable.Options{Actor: "registry", Force: true})
	if err != nil {
		c.t.Fatal(err)
	}
}

const (
	lessonsHead  = "event_id,date,start,end,room_id,module_id,delivery,student_id,delete"
	absencesHead = "student_id,from,to,reason,approved_by,approvals"
)

// judged lets the judge run, without anybody being made dirty by the test, and gives the marks.
func (c *college) judged() string {
	c.t.Helper()
	if err := c.judge.Settle(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	return c.marks()
}

func (c *college) tapAt(point, digest string, at time.Time) {
	c.seq++
	c.exec(`INSERT INTO tap (stream_id, seq, at, point_id, digest, evidence, outcome, reason, session_id, timetable, quality, within)
		VALUES ('stream01', $1, $2, $3, $4, 1, 3, 1, '', 1, 1, 0)`, c.seq, at.UnixMilli(), point, []byte(digest))
	c.exec(`INSERT INTO dirty (student_id, since) SELECT student_id, 1 FROM card WHERE digest = $1
		ON CONFLICT (student_id) DO UPDATE SET since = dirty.since + 1`, []byte(digest))
}

// heardAt says that the readers of both rooms worked and delivered on the n-th day up to a time.
func (c *college) heardAt(n int, until string) {
	now := c.now
	to := c.at(n, until)
	from := c.at(n, "07:00:00")
	c.now = now
	for _, point := range []string{"R/door", "Q/door"} {
		c.exec(`INSERT INTO coverage (point_id, until, since, stream_id) VALUES ($1, $2, $3, 'stream01')`, point, to.UnixMilli(), from.UnixMilli())
		c.exec(`INSERT INTO watermark VALUES ($1, $2) ON CONFLICT (point_id) DO UPDATE SET until = excluded.until`, point, to.UnixMilli())
	}
}

func (c *college) facts(facts ...engagement.Noted) {
	c.t.Helper()
	if err := c.store.AddFacts(c.t.Context(), facts, nil, c.now); err != nil {
		c.t.Fatal(err)
	}
}

func about(kind engagement.Kind, of string, at time.Time) engagement.Noted {
	return engagement.Noted{Student: "s1", Fact: engagement.Fact{Kind: kind, Of: of, At: at, By: "j.tutor", Note: "told"}}
}

func (c *college) reason(session string) string {
	return c.text(`SELECT reason FROM mark WHERE session_id = $1`, session)
}

func TestRow11PendingTapIsCreditedAfterTheTimetable(t *testing.T) {
	c := newCollege(t, "college")
	c.seq++
	c.exec(`INSERT INTO tap (stream_id, seq, at, point_id, digest, evidence, outcome, reason, session_id, timetable, quality, within)
		VALUES ('stream01', 1, $1, 'R/door', $2, 1, 4, 6, '', 0, 1, 0)`, c.at(0, "09:05:00").UnixMilli(), []byte("card of s1"))
	c.expect("marks without a timetable", c.judged(), "")
	c.at(0, "17:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
	c.expect("marks when it is here", c.judged(), "law=P")
}

// Two cards in the field: the tap has no credential, so it is nobody's, and stays on record.
func TestRow13SeveralCardsCreditNobody(t *testing.T) {
	c := newCollege(t, "college")
	c.at(-4, "12:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
	c.exec(`INSERT INTO tap (stream_id, seq, at, point_id, digest, evidence, outcome, reason, session_id, timetable, quality, within)
		VALUES ('stream01', 1, $1, 'R/door', $2, 1, 3, 5, '', 1, 1, 0)`, c.at(0, "09:05:00").UnixMilli(), make([]byte, 32))
	c.heardAt(0, "18:00:00")
	c.at(0, "18:00:00")
	c.expect("marks", c.judged(), "law=A")
	c.expect("taps kept", c.text(`SELECT count(*) FROM tap`), "1")
}

func TestSameDayMoveOfARoom(t *testing.T) {
	const plan, moved = "law,2026-10-05,09:00,10:00,R,LAW,,s1,", "law,2026-10-05,09:00,10:00,Q,LAW,,,"
	tests := []struct {
		name, policy string
		movedOn      int
		moved        string
		point, tap   string
		want         string
	}{
		{"row 20 W-6 changed 08:20 same day, no tap", "imperial", 0, "08:20:00", "", "", "law=N"},
		{"row 21 W-6 changed 23:59 the day before, no tap", "imperial", -1, "23:59:00", "", "", "law=A"},
		{"row 22 W-6 changed same day, tap in the new room", "imperial", 0, "08:20:00", "Q/door", "09:05:00", "law=P"},
		{"W-6 changed same day, tap at the old door", "imperial", 0, "08:20:00", "R/door", "08:40:00", "law=P"},
		{"W-6 college, tap at the old door", "college", 0, "08:20:00", "R/door", "09:05:00", "law=P"},
		{"W-6 college, no tap", "college", 0, "08:20:00", "", "", "law=A"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollege(t, tt.policy)
			c.at(-4, "12:00:00")
			c.take(timetable.Sessions, lessonsHead, plan)
			c.at(tt.movedOn, tt.moved)
			c.take(timetable.Sessions, lessonsHead, moved)
			if tt.tap != "" {
				c.tapAt(tt.point, "card of s1", c.at(0, tt.tap))
			}
			c.heardAt(0, "18:00:00")
			c.at(0, "18:00:00")
			c.expect("marks", c.judged(), tt.want)
			if tt.want == "law=P" {
				c.expect("standing", c.text(`SELECT attended || '/' || counted FROM standing`), "1/1")
			}
		})
	}
}

// A register whose old door is still silent is judged when that door is heard (G-3, W-6).
func TestOldDoorIsWaitedFor(t *testing.T) {
	c := newCollege(t, "college")
	c.at(-4, "12:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
	c.at(0, "08:20:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,Q,LAW,,,")
	c.heardAt(0, "18:00:00")
	c.exec(`DELETE FROM watermark WHERE point_id = 'R/door'`)
	c.at(0, "18:00:00")
	c.expect("marks before the old door is heard", c.judged(), "law=U")
	err := c.store.transact(t.Context(), func(tx *transaction) error {
		return streamTx{tx}.heard(t.Context(), ingest.Delivery{ReceivedAt: c.now, Watermarks: []ingest.Watermark{{Point: "R/door", Until: c.now}}})
	})
	if err != nil {
		t.Fatal(err)
	}
	c.expect("marks after", c.judged(), "law=A")
}

func TestCancelledAndReinstated(t *testing.T) {
	c := newCollege(t, "college")
	c.at(-4, "12:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,", "art,2026-10-06,09:00,10:00,R,ART,,s1,", "pe,2026-10-07,09:00,10:00,R,PE,,s1,")
	c.tapAt("R/door", "card of s1", c.at(0, "08:50:00"))
	for n := range 3 {
		c.heardAt(n, "18:00:00")
	}
	c.at(2, "18:00:00")
	c.expect("marks", c.judged(), "art=A law=P pe=A")
	c.expect("standing", c.text(`SELECT attended || '/' || counted || '/' || missed FROM standing`), "1/3/2")
	c.take(timetable.Sessions, lessonsHead, "law,,,,,,,,yes")
	c.expect("row 23 W-7 P, then cancelled", c.judged(), "art=A law=X pe=A")
	c.expect("row 23 W-7 percentage recomputed", c.text(`SELECT attended || '/' || counted || '/' || missed FROM standing`), "0/2/2")
	c.expect("row 23 W-7 tap kept", c.text(`SELECT count(*) FROM tap`), "1")
	c.expect("row 23 W-7 the judgement before it is kept", c.text(`SELECT code FROM mark_past WHERE session_id = 'law'`), "P")
}

func TestRow24CancelledThenReinstatedBeforeTheStart(t *testing.T) {
	c := newCollege(t, "college")
	c.at(-4, "12:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
	c.tapAt("R/door", "card of s1", c.at(0, "08:40:00"))
	c.at(0, "08:45:00")
	c.take(timetable.Sessions, lessonsHead, "law,,,,,,,,yes")
	c.expect("marks while it is cancelled", c.judged(), "law=X")
	c.at(0, "08:55:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
	c.expect("marks when it takes place again: the tap from before counts", c.judged(), "law=P")
}

// Row 25: the wrong group's list made a fourth absence, and with it a warning.
func TestRow25ListCorrectedLaterRescindsTheWarning(t *testing.T) {
	c := newCollege(t, "college")
	c.at(-4, "12:00:00")
	lines := []string{lessonsHead}
	for n := range 4 {
		lines = append(lines, fmt.Sprintf("group1-%d,2026-10-%02d,09:00,10:00,R,LAW,,s1,", n, 5+n))
	}
	c.exec(`INSERT INTO student (id, name) VALUES ('s2', 'Bob')`)
	c.take(timetable.Sessions, append(lines, "group2-3,2026-10-08,09:00,10:00,Q,LAW,,s2,")...)
	for n := range 4 {
		c.heardAt(n, "18:00:00")
	}
	c.tapAt("Q/door", "card of s1", c.at(3, "09:10:00"))
	c.at(3, "16:00:00")
	c.expect("marks before", c.judged(), "group1-0=A group1-1=A group1-2=A group1-3=A group2-3=A") // s2 never came
	c.expect("findings before", c.text(`SELECT rule FROM finding WHERE superseded_at IS NULL AND student_id = 's1' AND rule = 'A-2'`), "A-2")
	c.at(3, "17:00:00")
	c.take(timetable.Sessions, lessonsHead, "group1-3,,,,,,,s1,yes", "group2-3,2026-10-08,09:00,10:00,Q,LAW,,s1,")
	c.judged()
	c.expect("marks after", c.text(`SELECT session_id || '=' || code FROM mark WHERE student_id = 's1' ORDER BY session_id`), "group1-0=A group1-1=A group1-2=A group2-3=P")
	c.expect("the reason", c.text(`SELECT reason FROM mark WHERE student_id = 's1' AND session_id = 'group2-3'`), "Tapped at 09:10:00.000 at Q/door, 10:00 min after the start")
	c.expect("findings after", c.text(`SELECT rule FROM finding WHERE superseded_at IS NULL AND student_id = 's1' AND rule = 'A-2'`), "")
	c.expect("what is kept", c.text(`SELECT superseded_by FROM finding WHERE student_id = 's1' AND rule = 'A-2'`), "Corrected facts: the rule is not met")
}

func TestRow26ListImportTakesTheAbsenceAway(t *testing.T) {
	c := newCollege(t, "college")
	c.at(-4, "12:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
	c.heardAt(0, "18:00:00")
	c.at(0, "16:00:00")
	c.expect("marks before", c.judged(), "law=A")
	c.at(0, "17:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,,,,,,,s1,yes")
	c.expect("marks after", c.judged(), "")
	c.expect("standing after", c.text(`SELECT missed FROM standing`), "")
}

func TestWhatIsRecordedOfASession(t *testing.T) {
	tests := []struct {
		name, policy, tap string
		tell              func(c *college)
		want, why         string
	}{
		{"row 16 W-4 online join only", "imperial", "", func(c *college) { c.facts(about(engagement.Joined, "law", c.at(0, "09:02:00"))) }, "law=R", "Joined online at 09:02:00.000; no tap"},
		{"row 32 C-1 notice before arrival", "college", "09:40:00", func(c *college) { c.facts(about(engagement.Announced, "law", c.at(0, "09:30:00"))) }, "law=L", "announced at 09:30:00.000"},
		{"row 33 C-2 left early by the tutor's entry", "college", "09:00:00", func(c *college) { c.facts(about(engagement.Left, "law", c.at(0, "09:59:59"))) }, "law=A", "LE: left at 09:59:59.000"},
		{"row 33 C-2 left when the tutor closed the class", "college", "09:00:00", func(c *college) {
			ended := about(engagement.Ended, "law", c.at(0, "09:50:00"))
			ended.Student = ""
			c.facts(about(engagement.Left, "law", c.at(0, "09:50:00")))
			c.judged()
			c.facts(ended)
		}, "law=P", "Tapped at 09:00:00.000"},
		{"row 34 C-2 out at an exit, by rooms.csv", "college", "09:00:00", func(c *college) {
			c.take(timetable.Rooms, "building_id,building_name,room_id,room_name,point_id,direction", "B,Library,R,Room,R/exit,out")
			c.exec(`INSERT INTO watermark VALUES ('R/exit', $1)`, c.at(0, "18:00:00").UnixMilli())
			c.tapAt("R/exit", "card of s1", c.at(0, "09:30:00"))
		}, "law=A", "LE: left at 09:30:00.000 by R/exit"},
		{"G-4 device out of order", "college", "", func(c *college) { c.facts(about(engagement.Exempted, "law", c.at(0, "09:00:00"))) }, "law=N", "Not required: told"},
		{"row 72 E-14 placement: not expected", "college", "", func(c *college) {
			p := about(engagement.Placement, "Acme", c.at(-30, "00:00:00"))
			p.Until = c.at(30, "23:59:59")
			c.facts(p)
		}, "", ""},
		{"G-4 leave of absence without an end", "college", "", func(c *college) { c.facts(about(engagement.Leave, "", c.at(-30, "00:00:00"))) }, "", ""},
		{"row 37 G-3 none of these", "college", "", func(*college) {}, "law=A", "No tap; the readers were working"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollege(t, tt.policy)
			c.at(-4, "12:00:00")
			c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
			if tt.tap != "" {
				c.tapAt("R/door", "card of s1", c.at(0, tt.tap))
			}
			c.heardAt(0, "18:00:00")
			c.at(0, "12:00:00")
			c.judged()
			tt.tell(c)
			c.at(0, "18:00:00")
			c.expect("marks", c.judged(), tt.want)
			if why := c.reason("law"); !strings.Contains(why, tt.why) {
				t.Errorf("reason = %q, want it to say %q", why, tt.why)
			}
		})
	}
}

func TestRow71ApprovalsComeOneByOne(t *testing.T) {
	c := newCollege(t, "stmarys") // s1 holds a visa
	c.at(-4, "12:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
	c.heardAt(0, "18:00:00")
	c.at(0, "18:00:00")
	c.take(timetable.Absences, absencesHead, "s1,2026-10-05,2026-10-06,wedding,d.desk,course_lead: a.smith")
	c.expect("marks with one approval", c.judged(), "law=A")
	if why := c.reason("law"); !strings.HasSuffix(why, "An absence was asked for (wedding) and is not granted: approval by head_of_registry is missing") {
		t.Errorf("reason = %q, want it to say what is missing", why)
	}
	c.take(timetable.Absences, absencesHead, "s1,2026-10-05,2026-10-06,wedding,d.desk,course_lead: a.smith; head_of_registry: b.jones")
	c.expect("marks with both", c.judged(), "law=E")
	c.take(timetable.Absences, absencesHead, "s1,2026-10-05,2026-10-06,wedding,d.desk,course_lead: a.smith; head_of_registry: b.jones")
	c.expect("absences", c.text(`SELECT count(*) FROM absence`), "1")
	c.expect("approvals", c.text(`SELECT role || '=' || actor FROM absence_approval ORDER BY role`), "course_lead=a.smith head_of_registry=b.jones")
	c.expect("row 78 the same file again has nobody judged", c.text(`SELECT count(*) FROM dirty`), "0")
}

func TestRow76GrantedByAFileAfterTwoWarnings(t *testing.T) {
	c := newCollege(t, "college")
	c.at(-4, "12:00:00")
	lines := []string{lessonsHead}
	for n := range 8 {
		lines = append(lines, fmt.Sprintf("law%d,2026-10-%02d,09:00,10:00,R,LAW,,s1,", n, 5+n))
		c.heardAt(n, "18:00:00")
	}
	c.take(timetable.Sessions, lines...)
	c.at(7, "18:00:00")
	c.judged()
	open := `SELECT rule FROM finding WHERE superseded_at IS NULL AND level > 0 ORDER BY as_of`
	c.expect("warnings before", c.text(open), "A-2 A-3")
	c.take(timetable.Absences, absencesHead, "s1,2026-10-05,2026-10-06,ill,d.desk,")
	c.judged()
	c.expect("six missed: the first warning stays, two days later", c.text(open), "A-2")
	c.expect("when it is met now", c.text(`SELECT as_of FROM finding WHERE superseded_at IS NULL AND rule = 'A-2'`), fmt.Sprint(c.at(5, "10:00:00").UnixMilli()))
	c.at(7, "18:30:00")
	c.take(timetable.Absences, absencesHead, "s1,2026-10-07,2026-10-09,ill,d.desk,")
	c.expect("marks", c.judged(), "law0=E law1=E law2=E law3=E law4=E law5=A law6=A law7=A")
	c.expect("warnings after", c.text(open), "")
	c.expect("what is kept", c.text(`SELECT DISTINCT rule FROM finding WHERE superseded_at IS NOT NULL AND level > 0 ORDER BY rule`), "A-2 A-3")
}

func TestRow38ClosedByStaffThenTapsArrive(t *testing.T) {
	c := newCollege(t, "college")
	c.at(-4, "12:00:00")
	c.take(timetable.Sessions, lessonsHead, "law,2026-10-05,09:00,10:00,R,LAW,,s1,")
	c.heardAt(0, "09:40:00")
	c.at(0, "12:00:00")
	c.expect("row 36 G-3 watermark 09:40", c.judged(), "law=U")
	if err := c.store.CloseRegister(t.Context(), "law", report.Closure{Actor: "m", Reason: "gateway down", MadeAt: c.now}); err != nil {
		t.Fatal(err)
	}
	c.expect("row 38 G-3 closed by staff", c.judged(), "law=A")
	c.tapAt("R/door", "card of s1", c.at(0, "09:01:00"))
	c.at(0, "13:00:00")
	c.expect("row 38 G-3 then the tap arrives", c.judged(), "law=P")
}
