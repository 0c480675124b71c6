package store

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/rules"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// adopt puts a shipped policy in force besides the college's.
func (c *court) adopt(changes ...string) {
	c.t.Helper()
	if _, err := c.desk.Import(c.t.Context(), "new.yaml", policyText(c.t, append([]string{"version: 1", "version: 2"}, changes...)...), "m.registrar"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *court) survey(t *testing.T) {
	t.Helper()
	if err := c.judge.Settle(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	if err := c.judge.Survey(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	if all := c.differences(t, c.book(t)); len(all) > 0 {
		c.t.Errorf("after a survey the facts give something else: %+v", all)
	}
}

// surveys are the findings of surveys that hold, by rule and subject.
func (c *court) surveys() string {
	return c.text(`SELECT rule || ' ' || subject || ' ' || step || ';' FROM finding WHERE student_id = '' AND superseded_at IS NULL ORDER BY as_of, rule, subject, step`)
}

// elsewhere adds a second building with a room.
func (c *court) elsewhere() {
	c.exec(`INSERT INTO building VALUES ('L', 'Law school')`)
	c.exec(`INSERT INTO room (id, building_id, name) VALUES ('L1', 'L', 'Room')`)
	c.exec(`INSERT INTO point (id, room_id) VALUES ('L1/door', 'L1')`)
}

func (c *court) tapAt(point, digest string, at time.Time) {
	c.tap(digest, at)
	c.exec(`UPDATE tap SET point_id = $1 WHERE seq = $2`, point, c.seq)
}

func TestRow30BothTapsStayAndAreFlagged(t *testing.T) {
	c := newCourt(t)
	c.elsewhere()
	c.tap("card of nobody known", monday)
	c.now = monday.Add(time.Minute)
	c.survey(t)
	c.expect("after one tap", c.surveys(), "")
	c.tapAt("L1/door", "card of nobody known", monday.Add(40*time.Second)) // arrives later, of a day that was surveyed
	c.survey(t)
	c.expect("after two", c.surveys(), "W-11 card 63617264 two buildings;")
	c.expect("taps", c.text(`SELECT CAST(count(*) AS TEXT) FROM tap`), "2")
	c.expect("evidence", c.text(`SELECT evidence FROM finding`), `["73747265616d3031/1","73747265616d3031/2"]`)
}

// What the survey does not reach any more stays as it was found.
func TestOldFindingsStay(t *testing.T) {
	c := newCourt(t)
	c.elsewhere()
	c.tap("card", monday)
	c.tapAt("L1/door", "card", monday.Add(40*time.Second))
	c.now = monday.Add(time.Hour)
	c.survey(t)
	c.now = monday.AddDate(0, 0, 60)
	c.survey(t)
	c.expect("two months later", c.surveys(), "W-11 card 63617264 two buildings;")
}

func TestRow35HeadcountIsComparedWithTheRegister(t *testing.T) {
	c := newCourt(t)
	session := c.lesson(0)
	c.tap("card of s1", monday.Add(2*time.Minute))
	count := func(people int64, at time.Time) {
		t.Helper()
		if err := c.store.AddHeadcount(t.Context(), session, report.Headcount{Counter: "m.officer", At: at, People: people, MadeAt: at}); err != nil {
			t.Fatal(err)
		}
	}
	c.now = monday.Add(30 * time.Minute)
	c.settle()
	count(0, monday.Add(time.Minute)) // before the tap
	count(0, monday.Add(2*time.Minute))
	c.survey(t)
	c.expect("one tapped, nobody counted", c.surveys(), "C-6 session day00 more registered than counted;")
	c.expect("evidence", c.text(`SELECT evidence FROM finding WHERE rule = 'C-6'`), `["73747265616d3031/1"]`)

	count(2, monday.Add(3*time.Minute))
	c.survey(t)
	c.expect("two counted", c.surveys(), "C-6 session day00 more registered than counted; C-6 session day00 present but not registered;")

	// The session is cancelled: nothing is registered, and what was flagged no longer follows.
	c.exec(`UPDATE session SET cancelled = TRUE`)
	c.settle()
	c.survey(t)
	c.expect("cancelled", c.text(`SELECT step || ': ' || superseded_by || ';' FROM finding WHERE rule = 'C-6' AND superseded_at IS NOT NULL ORDER BY id`),
		"more registered than counted: Corrected facts: the rule is not met; present but not registered: Corrected facts: the rule is met with other evidence;")
}

func TestSurveyOfTrackerAuditAndShare(t *testing.T) {
	c := newCourt(t)
	c.exec(`UPDATE student SET programme = 'LLB', level = '3'`)
	c.lesson(0)
	c.exec(`UPDATE session SET delivery = 'online' WHERE id = 'day00'`)
	c.lesson(1)
	c.adopt("from: 2015-09-01", "from: 2016-09-01", "  A-10:", `  E-1: {logins_every: 1, taps_every: 2}
  E-3: {below: 85, levels: ["3"], week_hours: 15}
  E-16: {every_days: 14, ends_within: 60}
  E-22: {above: 20, with_permission: 40}
  A-10:`)
	c.now = calendar.Day{Year: 2026, Month: 10, Day: 13}.Starts().Add(time.Hour)
	c.survey(t)
	const share = "E-22 programme LLB remote share; "
	c.expect("findings", c.surveys(), share+"E-1 university logins missing; E-1 university logins missing; E-1 university taps missing; E-16 university due; E-3 programme LLB thin timetable; E-16 university overdue;")

	feeds := map[engagement.Kind]time.Time{engagement.Login: calendar.Day{Year: 2026, Month: 10, Day: 11}.Ends()}
	facts := []engagement.Noted{{Fact: engagement.Fact{Kind: engagement.RemoteHigh, Of: "LLB", At: monday.AddDate(-1, 0, 0), By: "m"}}}
	if err := c.store.AddFacts(t.Context(), facts, feeds, c.now); err != nil {
		t.Fatal(err)
	}
	c.exec(`UPDATE student SET level = '6'`)
	c.exec(`UPDATE session SET list = 'the same people'`)
	c.exec(`INSERT INTO import (kind, digest, actor, applied_at, summary) VALUES ('students', $1, 'm', 1, '{}')`, []byte("x"))
	c.heard(monday, monday.AddDate(0, 0, 7))
	c.survey(t)
	c.expect("50 % online is too much with permission too", c.surveys(), share+"E-16 university due; E-16 university overdue;")
	c.expect("audit lists the holder", c.text(`SELECT evidence FROM finding WHERE rule = 'E-16' AND step = 'due'`), `["s1: no permission on record"]`)
}

// A survey that finds the facts as they were reads nothing else; another day, another policy or a rebuild look again.
func TestSurveyLooksAtWhatChanged(t *testing.T) {
	c := newCourt(t)
	c.elsewhere()
	c.tap("card", monday)
	c.tapAt("L1/door", "card", monday.Add(40*time.Second))
	c.now = monday.Add(time.Hour)
	c.survey(t)
	c.exec(`UPDATE finding SET summary = 'altered'`)
	c.surveyOnly()
	if got := c.text(`SELECT summary FROM finding WHERE superseded_at IS NULL`); got != "altered" {
		t.Errorf("the survey looked again although nothing changed: %q", got)
	}
	if all := c.differences(t, c.book(t)); len(all) != 1 || all[0].Student != "" || len(all[0].Found) != 1 || all[0].Gone != 1 {
		t.Errorf("differences = %+v, want the altered finding", all)
	}
	if err := c.judge.Resurvey(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.expect("after a rebuild", c.text(`SELECT summary FROM finding WHERE superseded_at IS NULL`), "Presented in B and 40s later in L")
	if all := c.differences(t, c.book(t)); len(all) != 0 {
		t.Errorf("differences = %+v, want none", all)
	}
}

func (c *court) surveyOnly() {
	c.t.Helper()
	if err := c.judge.Survey(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// Two processes that survey at once store a finding once.
func TestSurveyedTwiceAtOnce(t *testing.T) {
	c := newCourt(t)
	c.elsewhere()
	c.tap("card", monday)
	c.tapAt("L1/door", "card", monday.Add(40*time.Second))
	c.now = monday.Add(time.Hour)
	c.survey(t)
	found := c.text(`SELECT summary FROM finding`)
	v := judge.SurveyVerdict{Part: "taps 2026-10-05", Seen: "the same", JudgedAt: c.now, Found: []rules.Finding{{
		Rule: "W-11", Subject: "card 63617264", Scope: "2026-10-05", Step: "two buildings", AsOf: monday, Summary: "found by another process", Policy: "college v1",
	}}}
	if err := c.store.Judgements().SaveSurvey(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	c.expect("findings", c.text(`SELECT summary FROM finding`), found)
}

// A sheet is signed and approved, and any change after that reopens it.
func TestSheetOnRecord(t *testing.T) {
	c := newCourt(t)
	session := c.lesson(0)
	c.tap("card of s1", monday.Add(2*time.Minute))
	c.now = monday.Add(2 * time.Hour)
	c.settle()
	reports := report.New(c.store.ReportSource(), func() time.Time { return c.now })
	state := func(want string) {
		t.Helper()
		reg, err := reports.Register(t.Context(), session)
		if err != nil {
			t.Fatal(err)
		}
		c.expect("sheet", reg.Sheet.State+" "+reg.Sheet.ReopenedBy, want)
	}
	sign := func(step, actor string) {
		t.Helper()
		c.now = c.now.Add(time.Minute)
		if err := c.store.AddSignature(t.Context(), session, report.Signature{Step: step, Actor: actor, MadeAt: c.now}); err != nil {
			t.Fatal(err)
		}
	}
	state("open ")
	sign("signed", "tutor")
	state("signed ")
	sign("approved", "manager")
	state("approved ")
	c.now = c.now.Add(time.Minute)
	c.settle() // nothing changes
	state("approved ")
	c.now = c.now.Add(time.Minute)
	if err := c.store.AddAmendment(t.Context(), report.Amendment{Student: "s1", Session: session, Code: "P", Reason: "seen", Actor: "tutor", MadeAt: c.now}); err != nil {
		t.Fatal(err)
	}
	c.settle()
	state("open s1 was set to P by tutor")
	sign("signed", "tutor")
	sign("approved", "manager")
	state("approved ")
	c.now = c.now.Add(time.Minute)
	c.exec(`DELETE FROM expected`)
	c.settle()
	state("open s1 left the list")

	if err := c.store.AddSignature(t.Context(), "nowhere", report.Signature{}); !errors.Is(err, report.ErrNotFound) {
		t.Errorf("sign a sheet of nothing = %v, want ErrNotFound", err)
	}
}

// Sessions stay in a room off site whose approval ends, and that is found until the room is approved again or they are moved.
func TestRoomOffSiteWhoseApprovalEnds(t *testing.T) {
	c := newCourt(t)
	c.adopt("from: 2015-09-01", "from: 2016-09-01", "  A-10:", "  E-21: {}\n  A-10:")
	take := func(kind timetable.Kind, lines string) {
		t.Helper()
		if _, err := (&campus{now: c.now}).importerOver(c.store).Import(t.Context(), kind, strings.NewReader(lines), timetable.Options{Actor: "m"}); err != nil {
			t.Fatal(err)
		}
	}
	room := func(approved string) {
		take(timetable.Rooms, "building_id,building_name,room_id,room_name,offsite,approved\nX,Exchange,X-1,Hall,yes,"+approved+"\n")
	}
	room("yes")
	take(timetable.Sessions, "event_id,date,start,end,room_id,module_id,student_id\nearly,2026-10-05,09:30,10:00,X-1,LAW,s1\nlate,2026-10-07,09:00,10:00,X-1,LAW,s1\n")
	c.survey(t)
	c.expect("while it is approved", c.surveys(), "")

	c.now = monday.AddDate(0, 0, 1)
	room("no")
	c.survey(t)
	c.expect("when it is not", c.surveys(), "E-21 room X-1 not approved;")
	c.expect("the sessions", c.text(`SELECT evidence FROM finding WHERE rule = 'E-21'`), `["late"]`)

	c.now = monday.AddDate(0, 0, 2)
	room("no") // told again
	c.survey(t)
	c.expect("since when", c.text(`SELECT DISTINCT CAST(as_of AS TEXT) FROM finding WHERE rule = 'E-21'`), strconv.FormatInt(monday.AddDate(0, 0, 1).UnixMilli(), 10))

	room("yes")
	c.survey(t)
	c.expect("when it is approved again", c.surveys(), "")
}
