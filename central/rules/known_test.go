package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/config"
	"pgregory.net/rapid"
)

// stMarys is the shipped policy made from source 003.
func stMarys(t testing.TB) *policy.Policy {
	t.Helper()
	text, err := config.Policies.ReadFile("policies/stmarys.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("stmarys.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func civil(text string) calendar.Day {
	d, err := calendar.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// on is noon of a day in London.
func on(day string) time.Time { return civil(day).Starts().Add(12 * time.Hour) }

var twoTerms = &calendar.Calendar{Terms: []calendar.Term{
	{ID: "autumn", First: civil("2026-09-28"), Last: civil("2026-12-11")},
	{ID: "spring", First: civil("2027-01-13"), Last: civil("2027-03-26")}, // begins on a Wednesday
}}

// withFacts is a sponsored student at degree level of whom these facts were told, one after the other.
func withFacts(t testing.TB, facts ...engagement.Fact) Student {
	t.Helper()
	for i := range facts {
		facts[i].ID = int64(i + 1)
	}
	person := engagement.Person{ID: "s", Level: "6", Sponsored: true}
	return Student{Record: engagement.NewRecord(person, nil, facts, nil, nil), Policies: always(stMarys(t)), Calendar: twoTerms, AsOf: never}
}

// lines are the findings of a rule by the moment they were met, each as "step, scope, opens, day, deadline".
func lines(s Student, rule string) []string {
	var out []string
	for _, f := range Evaluate(s) {
		if f.Rule != rule {
			continue
		}
		line := []string{f.Step, f.Scope, string(f.Opens), calendar.DayOf(f.AsOf).String()}
		if f.Deadline != (calendar.Day{}) {
			line = append(line, f.Deadline.String())
		}
		out = append(out, strings.Join(line, ", "))
	}
	return out
}

func wantLines(t *testing.T, s Student, rule string, want ...string) {
	t.Helper()
	if got := lines(s, rule); !slices.Equal(got, want) {
		t.Errorf("%s found:\n%s\nwant:\n%s", rule, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// eventful is a life in which every clause about events has something to say.
func eventful() []engagement.Fact {
	var facts []engagement.Fact
	add := func(f engagement.Fact) { facts = append(facts, f) }
	add(engagement.Fact{Kind: engagement.Change, Of: "course_change", At: on("2026-10-20")})
	add(engagement.Fact{Kind: engagement.Change, Of: "withdrawal", At: on("2027-02-16"), Note: "going home"})
	add(engagement.Fact{Kind: engagement.Reported, Of: "E-12 withdrawal 2027-02-16", At: on("2027-02-20")})
	add(engagement.Fact{Kind: engagement.Reported, Of: "E-8 2026-12-01", At: on("2026-12-09")})
	add(engagement.Fact{Kind: engagement.Placement, Of: "Acme", At: on("2026-10-12"), Until: on("2026-12-18"), RecordedAt: on("2026-10-01")})
	add(engagement.Fact{Kind: engagement.Placement, Of: "Acme", At: on("2026-10-12"), Until: on("2026-11-20"), Amount: 2250, Value: "5", RecordedAt: on("2026-10-03")})
	add(engagement.Fact{Kind: engagement.Timesheet, Of: "Acme", At: on("2026-10-18")})
	for i := range 12 {
		day := civil("2026-11-02").Add(3 * i)
		add(engagement.Fact{Kind: engagement.Work, Of: fmt.Sprint("employer ", i%2), At: day.Starts(), Amount: 540})
	}
	add(engagement.Fact{Kind: engagement.Fee, Of: "F1", At: on("2026-10-01"), Amount: 500_000, Value: "X3"})
	add(engagement.Fact{Kind: engagement.Fee, Of: "F1", At: on("2026-10-15"), Amount: 400_000, Value: "X3"})
	add(engagement.Fact{Kind: engagement.Payment, Of: "F1", At: on("2026-11-01"), Amount: 100_000})
	add(engagement.Fact{Kind: engagement.Details, At: on("2026-05-01")})
	for i := range facts {
		facts[i].ID = int64(i + 1)
	}
	return facts
}

// The clauses about events say the same whatever the order in which facts arrive and however often they are told, and what
// they say up to a day stays among what they say later.
func TestEventsInAnyOrderAndTwice(t *testing.T) {
	facts := eventful()
	person := engagement.Person{ID: "s", Level: "6", Sponsored: true}
	policies := always(stMarys(t))
	evaluate := func(facts []engagement.Fact, asOf time.Time) []Finding {
		known := map[engagement.Kind]time.Time{engagement.Timesheet: on("2027-06-01")}
		return Evaluate(Student{Record: engagement.NewRecord(person, nil, facts, nil, known), Policies: policies, Calendar: twoTerms, AsOf: asOf})
	}
	all := evaluate(facts, never)
	if len(all) < 12 {
		t.Fatalf("found %d, too few to prove anything", len(all))
	}
	rapid.Check(t, func(t *rapid.T) {
		told := rapid.Permutation(append(slices.Clone(facts), rapid.SliceOf(rapid.SampledFrom(facts)).Draw(t, "again")...)).Draw(t, "order")
		if diff := cmp.Diff(all, evaluate(told, never)); diff != "" {
			t.Fatalf("order or repetition matters:\n%s", diff)
		}
		asOf := on("2026-08-01").AddDate(0, 0, rapid.IntRange(0, 300).Draw(t, "day"))
		early := evaluate(told, asOf)
		want := slices.DeleteFunc(slices.Clone(all), func(f Finding) bool { return f.AsOf.After(asOf) })
		if diff := cmp.Diff(want, early, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("findings up to %v are others than those of that time:\n%s", asOf, diff)
		}
	})
}
