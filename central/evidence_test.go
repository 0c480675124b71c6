package central

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/evidence"
	"github.com/rollcall-edge/rollcall/central/judge"
)

// bureau is an office with a clock that the test sets, under St Mary's policy, with one sponsored student.
type bureau struct {
	*Office
	t   testing.TB
	now time.Time
}

func openBureau(t testing.TB, database string) *bureau {
	t.Helper()
	b := &bureau{t: t, now: time.Date(2026, 12, 10, 9, 0, 0, 0, time.UTC)}
	cfg := testConfig(t)
	cfg.Database = database
	var err error
	b.Office, err = OpenOffice(t.Context(), cfg, Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	text, err := os.ReadFile("../config/policies/stmarys.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Policies.Import(t.Context(), "stmarys.yaml", text, "test"); err != nil {
		t.Fatal(err)
	}
	b.take("students", "", "student_id,name,level,visa", "ada,Ada,7,yes")
	b.take("enrolments", "", "student_id,programme,latest,status,enrolled", "ada,LLM,2026-10-09,cas,2026-10-01")
	return b
}

// take imports a file and judges what follows from it.
func (b *bureau) take(kind, through string, lines ...string) {
	b.t.Helper()
	o := ImportOptions{Actor: "test"}
	if through != "" {
		var err error
		if o.Through, err = evidence.ParseEdge(through, true); err != nil {
			b.t.Fatal(err)
		}
	}
	if _, err := b.Import(b.t.Context(), kind, strings.NewReader(strings.Join(lines, "\n")+"\n"), o); err != nil {
		b.t.Fatal(err)
	}
	if err := b.judge.Settle(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// expect compares what holds of ada under a rule: step, and the moment it was met.
func (b *bureau) expect(when, rule string, want ...string) {
	b.t.Helper()
	cases, err := b.store.Judgements().Cases(context.Background(), []judge.Dirty{{Student: "ada"}})
	if err != nil {
		b.t.Fatal(err)
	}
	var got []string
	for _, f := range cases[0].Findings {
		if f.Rule == rule {
			got = append(got, fmt.Sprintf("%s at %s", f.Step, calendar.DayOf(f.AsOf)))
		}
	}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		b.t.Errorf("%s: %s says %q, want %q", when, rule, got, want)
	}
}

func moodleLogin(day string, account int) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf(`"%s, 10:00:00",A,-,System,System,"User has logged in","The user with id '%d' has logged in.",web,-`, at.Format("02/01/06"), account)
}

// A log of Moodle says that a student was there. That the student was not, it says only through the day that somebody vouches for.
func TestSilenceCountsOnlyThroughWhenItIsKnown(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{"sqlite": func(testing.TB) string { return "" }, "postgres": postgres.Postgres} {
		t.Run(name, func(t *testing.T) { silenceCountsOnlyThroughWhenItIsKnown(openBureau(t, database(t))) })
	}
}

func silenceCountsOnlyThroughWhenItIsKnown(b *bureau) {
	const head = `Time,"User full name","Affected user","Event context",Component,"Event name",Description,Origin,"IP address"`
	log := []string{head, moodleLogin("2026-10-02", 7), moodleLogin("2026-12-08", 9)}
	b.take("vle-users", "", "user_id,student_id", "7,ada", "9,")
	b.take("moodle-log", "", log...)
	b.expect("a log for which nobody vouches", "E-8")
	b.take("moodle-log", "2026-11-30", log...)
	b.expect("row 63 E-8 log-ins known through 30 November", "E-8", "21 days at 2026-10-23", "45 days at 2026-11-16", "60 days at 2026-12-01")
	b.take("moodle-log", "", head, moodleLogin("2026-11-30", 7))
	b.expect("row 65 E-8 a log-in on day 59 that comes late", "E-8", "21 days at 2026-10-23", "45 days at 2026-11-16")

	facts, err := b.Evidence.FactsOf(b.t.Context(), "ada")
	if err != nil {
		b.t.Fatal(err)
	}
	last := facts[len(facts)-1]
	if err := b.Evidence.Withdraw(b.t.Context(), last.ID, "test", "a shared computer"); err != nil {
		b.t.Fatal(err)
	}
	if err := b.judge.Settle(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.expect("that log-in withdrawn", "E-8", "21 days at 2026-10-23", "45 days at 2026-11-16", "60 days at 2026-12-01")
}
