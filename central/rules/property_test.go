package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/config"
	"pgregory.net/rapid"
)

// What holds for every clause, with facts of every kind, feeds, absences and each shipped policy.

// Findings up to a moment are those of any later moment that were met by then: time adds to them and changes none.
func TestFindingsOfThePastStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		early := anyStudent(t).student()
		late := early
		late.AsOf = early.AsOf.AddDate(0, 0, rapid.IntRange(0, 120).Draw(t, "days later"))
		want := slices.DeleteFunc(Evaluate(late), func(f Finding) bool { return f.AsOf.After(early.AsOf) })
		if diff := cmp.Diff(want, Evaluate(early), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("findings as of %s (-of later, +of then):\n%s", early.AsOf, diff)
		}
	})
}

// Neither the order in which facts and contacts became known nor that they were told twice changes a finding.
func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyStudent(t)
		want := Evaluate(k.student())
		k.facts = rapid.Permutation(slices.Concat(k.facts, k.facts)).Draw(t, "facts in another order")
		k.contacts = rapid.Permutation(slices.Concat(k.contacts, k.contacts)).Draw(t, "contacts in another order")
		k.absences = rapid.Permutation(k.absences).Draw(t, "absences in another order")
		if diff := cmp.Diff(want, Evaluate(k.student())); diff != "" {
			t.Fatalf("order or repetition matters:\n%s", diff)
		}
	})
}

// A finding says everything that people need, is made by a clause of the policy that it names, and is the only one with its
// action key.
func TestFindingsAreWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyStudent(t).student()
		type actionKey struct{ rule, scope, step string }
		seen := map[actionKey]bool{}
		for _, f := range Evaluate(s) {
			if f.Rule == "" || f.Step == "" || f.Opens == "" || f.Policy == "" || f.Summary == "" || f.AsOf.IsZero() || f.AsOf.After(s.AsOf) {
				t.Errorf("incomplete: %+v", f)
			}
			if p := s.on(f.AsOf); p == nil || p.ID() != f.Policy || clause(p, f.Rule).IsNil() {
				t.Errorf("%s on %s is not a clause of the policy of that day: %+v", f.Rule, calendar.DayOf(f.AsOf), f)
			}
			key := actionKey{f.Rule, f.Scope, f.Step}
			if seen[key] {
				t.Errorf("twice: %+v", f)
			}
			seen[key] = true
		}
	})
}

// Nothing is concluded about attendance from contacts of which nothing is known (G-3).
func TestUnknownContactsConcludeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyStudent(t)
		k.facts = nil
		for i := range k.contacts {
			k.contacts[i].Code, k.contacts[i].TappedAt = register.Unknown, time.Time{}
		}
		for _, f := range Evaluate(k.student()) {
			if strings.HasPrefix(f.Rule, "A-") {
				t.Errorf("from contacts that are all unknown: %+v", f)
			}
		}
	})
}

// material is what a student is made of, before it is ordered.
type material struct {
	person   engagement.Person
	contacts []engagement.Contact
	facts    []engagement.Fact
	absences []register.Absence
	known    map[engagement.Kind]time.Time
	policies policy.ByDay
	asOf     time.Time
}

func (k material) student() Student {
	return Student{
		Record:   engagement.NewRecord(k.person, k.contacts, k.facts, k.absences, k.known),
		Policies: k.policies, Calendar: (&caseFile{}).calendar(), AsOf: k.asOf,
	}
}

func anyStudent(t *rapid.T) material {
	k := material{
		person: engagement.Person{
			ID: "s", Programme: "LLB", Level: rapid.SampledFrom([]string{"3", "4", "6", "7"}).Draw(t, "level"),
			Sponsored: rapid.IntRange(0, 3).Draw(t, "sponsored") > 0,
			Delivery:  rapid.SampledFrom([]string{"", "", "distance", "placement"}).Draw(t, "delivery"),
		},
		contacts: anyContacts(t), facts: anyFacts(t), known: map[engagement.Kind]time.Time{}, policies: anyPolicies(t), asOf: instants(t, "as of"),
	}
	for _, kind := range kinds() {
		if rapid.Bool().Draw(t, "has feed") {
			k.known[kind] = instants(t, "known until")
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "absences") {
		since := instants(t, "absent since")
		days := rapid.IntRange(0, 70).Draw(t, "absent for")
		k.absences = append(k.absences, register.Absence{Since: since, Until: since.AddDate(0, 0, days), Reason: "illness"})
	}
	return k
}

// anyContacts are a stretch of sessions, mostly on each weekday, and so good or bad that ladders are climbed.
func anyContacts(t *rapid.T) []engagement.Contact {
	alphabet := rapid.SampledFrom([]string{"PPPPPPPA", "PA", "A", "PPPLLEXNRUA", "PPR", "U"}).Draw(t, "attendance")
	text := rapid.StringOfN(rapid.SampledFrom([]rune(alphabet)), 0, 80, -1).Draw(t, "codes")
	first := rapid.IntRange(0, 100).Draw(t, "first day")
	perDay := rapid.IntRange(1, 3).Draw(t, "sessions a day")
	var all []engagement.Contact
	for i, code := range text {
		starts := firstDay.Add(first + i/perDay).Starts().Add(time.Duration(9+2*(i%perDay)) * time.Hour)
		c := engagement.Contact{
			ID: fmt.Sprintf("session %02d", i), Kind: engagement.Session, Module: rapid.SampledFrom([]string{"LAW", "TAX"}).Draw(t, "module"),
			StartsAt: starts, EndsAt: starts.Add(time.Hour), Code: register.Code(code),
		}
		c.KnownAt = c.EndsAt.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 5, 26, 200}).Draw(t, "hours until known")) * time.Hour)
		if code == 'P' || code == 'L' {
			c.TappedAt = starts.Add(time.Minute)
		}
		all = append(all, c)
	}
	return all
}

func anyFacts(t *rapid.T) []engagement.Fact {
	of := []string{"", "LAW", "TAX", "LLB", "Acme", "A-5", "A-5 autumn", "A-2", "E-3 2026-10", "E-8", "withdrawal", "leave", "course_change", "session 03", "immigration", "details", "logins", "taps"}
	values := []string{"", "met", "missed", "authorised", "expected", "cas", "continuing", "study", "no_study", "sabbatical", "X3"}
	var all []engagement.Fact
	for i := range rapid.IntRange(0, 25).Draw(t, "facts") {
		f := engagement.Fact{
			ID: int64(i + 1), Kind: rapid.SampledFrom(kinds()).Draw(t, "kind"), At: instants(t, "at"), Of: rapid.SampledFrom(of).Draw(t, "of"),
			Value: rapid.SampledFrom(values).Draw(t, "value"), Amount: rapid.SampledFrom([]int64{0, 60, 600, 1300, 90000}).Draw(t, "amount"), By: "m",
		}
		f.RecordedAt = f.At.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "recorded after")) * time.Hour)
		if rapid.Bool().Draw(t, "has end") {
			f.Until = f.At.AddDate(0, 0, rapid.IntRange(0, 120).Draw(t, "days until the end"))
		}
		all = append(all, f)
	}
	return all
}

// firstDay is a week before the first term.
var firstDay = calendar.Day{Year: 2026, Month: time.September, Day: 21}

// instants are hours of the year, so that things often meet in one.
func instants(t *rapid.T, label string) time.Time {
	day := rapid.IntRange(0, 300).Draw(t, label)
	return firstDay.Add(day).Starts().Add(time.Duration(rapid.SampledFrom([]int{0, 9, 10, 12, 23}).Draw(t, label+", hour")) * time.Hour)
}

// anyPolicies are a shipped policy, now and then one that is followed by another during the year, sometimes without some of
// its clauses or with those that no shipped policy has.
func anyPolicies(t *rapid.T) policy.ByDay {
	before, after := anyPolicy(t), anyPolicy(t)
	changes := firstDay.Add(rapid.SampledFrom([]int{0, 0, 0, 40, 90}).Draw(t, "new policy"))
	after.Version = 2
	return func(d calendar.Day) *policy.Policy {
		if d.Before(changes) {
			return before
		}
		return after
	}
}

func anyPolicy(t *rapid.T) *policy.Policy {
	p := *policyOf(rapid.SampledFrom(shippedNames()).Draw(t, "policy"))
	if rapid.Bool().Draw(t, "clauses that are off") {
		p.Rules.DistanceSilence = &policy.DistanceSilence{Days: 30}
		p.Rules.ContactCounter = &policy.ContactCounter{Expected: 10, Missed: 3}
		p.Rules.Threshold = &policy.Share{Below: 70, Period: policy.Month}
		p.Rules.Reminder = &policy.Share{Below: 80, Period: policy.Fortnight}
	}
	for _, rule := range clauseNames() {
		if rapid.IntRange(0, 9).Draw(t, "without a clause") == 0 {
			clause(&p, rule).SetZero()
		}
	}
	return &p
}

// policyOf is a shipped policy that was read once: whoever changes it makes a copy.
func policyOf(name string) *policy.Policy {
	read.Lock()
	defer read.Unlock()
	if read.policies[name] == nil {
		p, err := shipped(name)
		if err != nil {
			panic(err)
		}
		read.policies[name] = p
	}
	return read.policies[name]
}

var read = struct {
	sync.Mutex
	policies map[string]*policy.Policy
}{policies: map[string]*policy.Policy{}}

func shippedNames() []string {
	entries, err := config.Policies.ReadDir("policies")
	if err != nil {
		panic(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}
