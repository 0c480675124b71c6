package store

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/evidence"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

func (c *court) evidenceDesk() *evidence.Desk {
	return evidence.NewDesk(evidence.DeskOptions{
		Store: c.store.Evidence(), Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: func() time.Time { return c.now },
	})
}

func (c *court) file(kind evidence.Kind, o evidence.Options, lines ...string) sheet.Diff {
	c.t.Helper()
	o.Actor = "office"
	diff, err := c.evidenceDesk().Import(c.t.Context(), kind, strings.NewReader(strings.Join(lines, "\n")+"\n"), o)
	if err != nil {
		c.t.Fatal(err)
	}
	return diff
}

func (c *court) dirty() int64 {
	c.t.Helper()
	n, err := c.store.Judgements().DirtyCount(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

// caseOfS1 is all that is known of s1.
func (c *court) caseOfS1() judge.Case {
	c.t.Helper()
	cases, err := c.store.Judgements().Cases(c.t.Context(), []judge.Dirty{{Student: "s1"}})
	if err != nil {
		c.t.Fatal(err)
	}
	return cases[0]
}

func kindsOf(facts []engagement.Fact) string {
	var out []string
	for _, f := range facts {
		out = append(out, strings.TrimSpace(string(f.Kind)+" "+f.Value))
	}
	return strings.Join(out, ", ")
}

// A file of facts has its students judged again; the same file a second and a third time changes nothing.
func TestRow78FilesOfFactsThreeTimes(t *testing.T) {
	c := newCourt(t)
	c.exec(`INSERT INTO student (id, name) VALUES ('s2', 'Bob')`)
	c.now = monday.AddDate(0, 0, 7)
	c.settle()
	lines := []string{"student_id,kind,at,until,of,value,amount,note", "s1,meeting,2026-10-05 10:00,,tutor,missed,,", "s1,leave,2026-10-06,2026-10-07,,,,ill", ",audit,2026-10-06,,immigration,,,"}
	if diff := c.file("facts", evidence.Options{}, lines...); diff.Added != 3 || c.dirty() != 1 {
		t.Errorf("first = %+v with %d to judge, want 3 added and s1", diff, c.dirty())
	}
	c.settle()
	receipts := c.text(`SELECT CAST(count(*) AS TEXT) FROM import`)
	for range 2 {
		if diff := c.file("facts", evidence.Options{}, lines...); !diff.Empty() || c.dirty() != 0 {
			t.Errorf("again = %+v with %d to judge, want nothing", diff, c.dirty())
		}
	}
	c.expect("receipts", c.text(`SELECT CAST(count(*) AS TEXT) FROM import`), receipts)
	c.expect("facts", kindsOf(c.caseOfS1().Events), "meeting missed, leave")
}

// What a later file says of the same thing holds; the earlier statement stays on record.
func TestLaterStatementReplacesTheEarlier(t *testing.T) {
	c := newCourt(t)
	c.now = monday.AddDate(0, 0, 7)
	head := "student_id,at,with,outcome"
	c.file("meetings", evidence.Options{}, head, "s1,2026-10-05 10:00,tutor,missed")
	c.settle()
	if diff := c.file("meetings", evidence.Options{}, head, "s1,2026-10-05 10:00,tutor,met"); diff.Changed != 1 || c.dirty() != 1 {
		t.Errorf("correction = %+v with %d to judge, want 1 changed and s1", diff, c.dirty())
	}
	c.expect("facts", kindsOf(c.caseOfS1().Events), "meeting met")
	kept, err := c.store.Evidence().FactsOf(t.Context(), "s1")
	if err != nil || len(kept) != 2 || !kept[0].Replaced || kept[0].WithdrawnBy != "office: replaced" {
		t.Errorf("FactsOf = %+v, %v; want the first replaced and kept", kept, err)
	}
}

// A wrong fact is withdrawn: its student is judged again without it, and it stays on record with who and why.
func TestWithdrawnFacts(t *testing.T) {
	c := newCourt(t)
	c.now = monday.AddDate(0, 0, 7)
	c.file("meetings", evidence.Options{}, "student_id,at,with,outcome", "s1,2026-10-05 10:00,tutor,missed")
	c.settle()
	id := c.caseOfS1().Events[0].ID
	if err := c.evidenceDesk().Withdraw(t.Context(), id, "jan", "another student's"); err != nil {
		t.Fatal(err)
	}
	if c.dirty() != 1 || len(c.caseOfS1().Events) > 0 {
		t.Errorf("%d to judge and facts %v, want s1 and none", c.dirty(), c.caseOfS1().Events)
	}
	if err := c.evidenceDesk().Withdraw(t.Context(), id, "jan", "another student's"); !errors.Is(err, evidence.ErrUnknown) {
		t.Errorf("a second time = %v, want ErrUnknown", err)
	}
	kept, err := c.store.Evidence().FactsOf(t.Context(), "s1")
	if err != nil || len(kept) != 1 || kept[0].WithdrawnBy != "jan: another student's" || !kept[0].WithdrawnAt.Equal(c.now) || kept[0].Replaced {
		t.Errorf("FactsOf = %+v, %v; want it withdrawn", kept, err)
	}
	if diff := c.file("meetings", evidence.Options{}, "student_id,at,with,outcome", "s1,2026-10-05 10:00,tutor,missed"); !diff.Empty() {
		t.Errorf("the file again = %+v, want it to stay withdrawn", diff)
	}
}

// That a class ended early concerns everybody who was expected there, and so does that it did not.
func TestWithdrawnEndOfAClassConcernsEverybodyThere(t *testing.T) {
	c := newCourt(t)
	session := c.lesson(0)
	c.now = monday.AddDate(0, 0, 7)
	c.settle()
	file := []string{"student_id,kind,at,session", ",ended,2026-10-05 09:40," + session}
	c.file("session-facts", evidence.Options{}, file...)
	if c.dirty() != 1 {
		t.Errorf("%d to judge, want s1, who was expected there", c.dirty())
	}
	c.settle()
	kept, err := c.store.Evidence().FactsOf(t.Context(), "")
	if err != nil || len(kept) != 1 {
		t.Fatalf("facts of the university = %+v, %v; want one", kept, err)
	}
	if err := c.evidenceDesk().Withdraw(t.Context(), kept[0].ID, "jan", "the wrong class"); err != nil {
		t.Fatal(err)
	}
	if c.dirty() != 1 {
		t.Errorf("%d to judge after it was withdrawn, want s1", c.dirty())
	}
}

// A log of accounts says nothing of a student who has none, however complete it is.
func TestSilenceOfStudentsWithoutAnAccountIsNotKnown(t *testing.T) {
	c := newCourt(t)
	c.exec(`INSERT INTO student (id, name) VALUES ('s2', 'Bob')`)
	c.now = monday.AddDate(0, 0, 7)
	c.file(evidence.VLEUsers, evidence.Options{}, "user_id,student_id", "7,s2", "8,")
	c.settle()
	end := time.Date(2026, 10, 9, 22, 59, 59, 999e6, time.UTC)
	log := []string{"eventname,userid,timecreated", `\core\event\user_loggedin,7,1791187200`}
	c.file(evidence.MoodleExtract, evidence.Options{Through: end}, log...)
	if c.dirty() != 2 {
		t.Errorf("%d to judge, want everybody: silence means more now", c.dirty())
	}
	cases, err := c.store.Judgements().Cases(t.Context(), []judge.Dirty{{Student: "s1"}, {Student: "s2"}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]map[engagement.Kind]time.Time{{}, {engagement.Login: end}}, []map[engagement.Kind]time.Time{cases[0].Known, cases[1].Known}); d != "" {
		t.Errorf("known of s1 and s2 (-want +got):\n%s", d)
	}
	c.settle()
	c.file(evidence.VLEUsers, evidence.Options{}, "user_id,student_id", "9,s1")
	if c.dirty() != 1 || !c.caseOfS1().Known[engagement.Login].Equal(end) {
		t.Errorf("%d to judge, known %v; want s1, of whom the log says something now", c.dirty(), c.caseOfS1().Known)
	}
}
