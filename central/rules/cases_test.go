package rules

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/config/document"
)

// caseFile is one case as people write it; testdata/README.md describes each key.
type caseFile struct {
	About    string            `yaml:"about"`
	Source   string            `yaml:"source"`
	Policy   string            `yaml:"policy"`
	Change   policy.Policy     `yaml:"change"`
	Without  []string          `yaml:"without"`
	Who      personLine        `yaml:"person"`
	Terms    []termLine        `yaml:"terms"`
	Contacts []contactLine     `yaml:"contacts"`
	Facts    []factLine        `yaml:"facts"`
	Absences []absenceLine     `yaml:"absences"`
	Known    map[string]moment `yaml:"known"`
	AsOf     moment            `yaml:"as_of"`
	Only     []string          `yaml:"only"`
	Expect   []expectLine      `yaml:"expect"`
}

type personLine struct {
	Programme  string `yaml:"programme"`
	Department string `yaml:"department"`
	Level      string `yaml:"level"`
	Sponsored  bool   `yaml:"sponsored"`
	Delivery   string `yaml:"delivery"`
}

type termLine struct {
	ID    string       `yaml:"id"`
	First calendar.Day `yaml:"first"`
	Last  calendar.Day `yaml:"last"`
}

// contactLine is one session, or one on each of several days.
type contactLine struct {
	On       calendar.Day `yaml:"on"`
	Codes    codes        `yaml:"codes"`
	Every    int          `yaml:"every"` // days; 0: weekdays
	At       clockTime    `yaml:"at"`
	Minutes  int          `yaml:"minutes"`
	Module   string       `yaml:"module"`
	Delivery string       `yaml:"delivery"`
	Tap      clockTime    `yaml:"tap"`
	Known    moment       `yaml:"known"`
}

type factLine struct {
	Kind     string `yaml:"kind"`
	At       moment `yaml:"at"`
	Until    moment `yaml:"until"`
	Of       string `yaml:"of"`
	Value    string `yaml:"value"`
	Amount   int64  `yaml:"amount"`
	Note     string `yaml:"note"`
	By       string `yaml:"by"`
	Recorded moment `yaml:"recorded"`
	Times    int    `yaml:"times"`
	Every    int    `yaml:"every"`
}

type absenceLine struct {
	Since     moment            `yaml:"since"`
	Until     moment            `yaml:"until"`
	Reason    string            `yaml:"reason"`
	Recorded  moment            `yaml:"recorded"`
	Approvals map[string]moment `yaml:"approvals"`
}

type expectLine struct {
	Rule     string       `yaml:"rule"`
	On       calendar.Day `yaml:"on"`
	Deadline calendar.Day `yaml:"deadline"`
	Scope    string       `yaml:"scope"`
	Step     string       `yaml:"step"`
	Opens    string       `yaml:"opens"`
	Says     []string     `yaml:"says"`
	Evidence int          `yaml:"evidence"`
}

// Every case in testdata/<rule>/<case>.yaml gives the findings it expects, with their days and deadlines.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d cases: %v", len(files), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), "testdata/"), ".yaml")
		t.Run(name, func(t *testing.T) {
			c, err := readCase(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := c.differences(Evaluate(c.student(t))); diff != "" {
				t.Errorf("%s (%s)\n%s", c.About, c.Source, diff)
			}
		})
	}
}

// Mistakes in a case are told with their lines: whoever writes one is no programmer of this package.
func TestMistakesInCasesAreTold(t *testing.T) {
	_, err := readCase("testdata/mistakes.txt")
	want := []string{
		"testdata/mistakes.txt: source: missing; name the document and the clause, or the ambiguity of RULES that it settles",
		"testdata/mistakes.txt: as_of: missing; write the day up to which time has come, for example 2026-12-11",
		"testdata/mistakes.txt: expect: missing; write expect: [] when nothing is to be found",
		"testdata/mistakes.txt:2:11: without[0]: there is no clause Z-9; write one of A-1, A-2,",
		`testdata/mistakes.txt:4:12: contacts[0]: missing; write the day of the first session as on: 2026-10-05`,
		`testdata/mistakes.txt:5:16: facts[0].kind: there is no kind "letter" of fact; write one of annotation, announced,`,
		"testdata/mistakes.txt:6:8: only[0]: there is no clause A-99; write one of A-1, A-2,",
	}
	got := strings.Split(fmt.Sprint(err), "\n")
	for i, line := range got {
		if i < len(want) && len(line) > len(want[i]) {
			got[i] = line[:len(want[i])]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// readCase reads a file twice: the changes to a policy are written over the policy that the first reading names.
func readCase(path string) (*caseFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	first := &caseFile{}
	if err := document.Read(path, text, first, func(c *document.Checker) { first.check(c) }); err != nil {
		return nil, err
	}
	p, err := shipped(first.Policy)
	if err != nil {
		return nil, err
	}
	c := &caseFile{Change: *p, Who: personLine{Sponsored: true, Level: "6"}}
	return c, document.Read(path, text, c, func(*document.Checker) {})
}

// shipped is a new copy of a shipped policy.
func shipped(name string) (*policy.Policy, error) {
	text, err := config.Policies.ReadFile("policies/" + name + ".yaml")
	if err != nil {
		return nil, err
	}
	return policy.Parse(name+".yaml", text)
}

func (f *caseFile) check(c *document.Checker) {
	for _, path := range []struct{ key, how string }{
		{"about", "missing; say in a line what the case is about"},
		{"source", "missing; name the document and the clause, or the ambiguity of RULES that it settles"},
		{"policy", "missing; write the name of a file in config/policies, for example college"},
		{"as_of", "missing; write the day up to which time has come, for example 2026-12-11"},
		{"only", "missing; write the clauses that are looked at, for example [A-2, A-3]"},
		{"expect", "missing; write expect: [] when nothing is to be found"},
	} {
		if !c.Names(path.key) {
			c.Fault(path.key, "%s", path.how)
		}
	}
	for i, rule := range f.Without {
		known(c, fmt.Sprintf("without[%d]", i), rule)
	}
	for i, rule := range f.Only {
		known(c, fmt.Sprintf("only[%d]", i), rule)
	}
	f.checkLines(c)
}

func (f *caseFile) checkLines(c *document.Checker) {
	for i, line := range f.Contacts {
		if line.On.Year == 0 {
			c.Fault(fmt.Sprintf("contacts[%d]", i), "missing; write the day of the first session as on: 2026-10-05")
		}
	}
	for i, line := range f.Facts {
		if !slices.Contains(kinds(), engagement.Kind(line.Kind)) {
			c.Fault(fmt.Sprintf("facts[%d].kind", i), "there is no kind %q of fact; write one of %s", line.Kind, list(kinds()))
		}
	}
	for kind := range f.Known {
		if !slices.Contains(kinds(), engagement.Kind(kind)) {
			c.Fault("known."+kind, "there is no kind %q of fact; write one of %s", kind, list(kinds()))
		}
	}
	for i, line := range f.Expect {
		if line.On.Year == 0 || line.Rule == "" && len(f.Only) != 1 {
			c.Fault(fmt.Sprintf("expect[%d]", i), "missing; write at least rule: and on:, the day on which it is met")
		}
	}
}

func known(c *document.Checker, path, rule string) {
	if !slices.Contains(clauseNames(), rule) {
		c.Fault(path, "there is no clause %s; write one of %s", rule, strings.Join(clauseNames(), ", "))
	}
}

// clauseNames are the clauses that a policy can have.
func clauseNames() []string {
	var names []string
	of := reflect.TypeFor[policy.Rules]()
	for i := range of.NumField() {
		names = append(names, of.Field(i).Tag.Get("yaml"))
	}
	return names
}

// clause is the part of a policy that one clause is.
func clause(p *policy.Policy, rule string) reflect.Value {
	return reflect.ValueOf(&p.Rules).Elem().Field(slices.Index(clauseNames(), rule))
}

func (f *caseFile) student(t *testing.T) Student {
	t.Helper()
	p := f.Change
	for _, rule := range f.Without {
		clause(&p, rule).SetZero()
	}
	book, err := policy.NewBook(&p)
	if err != nil {
		t.Fatal(err)
	}
	person := engagement.Person{
		ID: "s", Programme: f.Who.Programme, Department: f.Who.Department, Level: f.Who.Level, Sponsored: f.Who.Sponsored, Delivery: f.Who.Delivery,
	}
	feeds := map[engagement.Kind]time.Time{}
	for kind, until := range f.Known {
		feeds[engagement.Kind(kind)] = until.end()
	}
	policies := book.Of(person.Subject())
	return Student{
		Record:   engagement.NewRecord(person, f.contacts(), f.facts(), f.absences(), feeds).Excused(policies),
		Policies: policies, Calendar: f.calendar(), AsOf: f.AsOf.end(),
	}
}

// year is the terms of a case that names none.
var year = []termLine{
	{"autumn", calendar.Day{Year: 2026, Month: time.September, Day: 28}, calendar.Day{Year: 2026, Month: time.December, Day: 11}},
	{"spring", calendar.Day{Year: 2027, Month: time.January, Day: 11}, calendar.Day{Year: 2027, Month: time.March, Day: 26}},
	{"summer", calendar.Day{Year: 2027, Month: time.April, Day: 19}, calendar.Day{Year: 2027, Month: time.June, Day: 11}},
}

func (f *caseFile) calendar() *calendar.Calendar {
	lines := f.Terms
	if lines == nil {
		lines = year
	}
	c := &calendar.Calendar{}
	for _, l := range lines {
		c.Terms = append(c.Terms, calendar.Term{ID: l.ID, Name: l.ID, First: l.First, Last: l.Last})
	}
	return c
}

func (f *caseFile) contacts() []engagement.Contact {
	var all []engagement.Contact
	for _, line := range f.Contacts {
		all = append(all, line.contacts()...)
	}
	return all
}

func (l contactLine) contacts() []engagement.Contact {
	var all []engagement.Contact
	for i, day := range l.days() {
		starts := l.At.on(day, 9*time.Hour)
		length := time.Hour
		if l.Minutes > 0 {
			length = time.Duration(l.Minutes) * time.Minute
		}
		c := engagement.Contact{
			ID: strings.TrimSpace(l.Module + " " + starts.In(calendar.London).Format("2006-01-02 15:04")), Kind: engagement.Session,
			Module: l.Module, Delivery: l.Delivery, StartsAt: starts, EndsAt: starts.Add(length), Code: l.Codes[i],
		}
		if c.KnownAt = l.Known.Time; c.KnownAt.IsZero() {
			c.KnownAt = c.EndsAt
		}
		if l.Tap.set {
			c.TappedAt = l.Tap.on(day, 0)
		}
		all = append(all, c)
	}
	return all
}

// days are those of a line's codes.
func (l contactLine) days() []calendar.Day {
	var days []calendar.Day
	for day := l.On; len(days) < len(l.Codes); day = day.Add(max(l.Every, 1)) {
		weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
		if l.Every == 0 && weekend && len(days) > 0 {
			continue
		}
		days = append(days, day)
	}
	return days
}

func (f *caseFile) facts() []engagement.Fact {
	var all []engagement.Fact
	for _, l := range f.Facts {
		for n := range max(l.Times, 1) {
			all = append(all, engagement.Fact{
				ID: int64(len(all) + 1), Kind: engagement.Kind(l.Kind), At: l.At.later(n * max(l.Every, 1)), Until: l.Until.end(), Of: l.Of,
				Value: l.Value, Amount: l.Amount, Note: l.Note, By: l.By, RecordedAt: l.Recorded.Time,
			})
		}
	}
	return all
}

func (f *caseFile) absences() []register.Absence {
	var all []register.Absence
	for i, l := range f.Absences {
		a := register.Absence{ID: int64(i + 1), Since: l.Since.Time, Until: l.Until.end(), Reason: l.Reason, RecordedAt: l.Recorded.Time}
		for _, role := range slices.Sorted(maps.Keys(l.Approvals)) {
			a.Approvals = append(a.Approvals, register.Approval{Role: role, At: l.Approvals[role].Time})
		}
		all = append(all, a)
	}
	return all
}

// differences says what was expected and not found, and what was found and not expected; "" if all is as expected.
func (f *caseFile) differences(found []Finding) string {
	var missing, left []string
	found = slices.DeleteFunc(found, func(g Finding) bool { return !slices.Contains(f.Only, g.Rule) })
	for _, e := range f.Expect {
		if e.Rule == "" {
			e.Rule = f.Only[0]
		}
		if i := slices.IndexFunc(found, e.matches); i >= 0 {
			found = slices.Delete(found, i, i+1)
			continue
		}
		missing = append(missing, fmt.Sprintf("  expected and not found: %s", e))
	}
	for _, g := range found {
		left = append(left, fmt.Sprintf("  found and not expected: %s", describe(g)))
	}
	return strings.Join(append(missing, left...), "\n")
}

func (e expectLine) matches(f Finding) bool {
	said := func(words string) bool { return strings.Contains(f.Summary, words) }
	return f.Rule == e.Rule && calendar.DayOf(f.AsOf) == e.On && f.Deadline == e.Deadline && (e.Scope == "" || f.Scope == e.Scope) &&
		(e.Step == "" || f.Step == e.Step) && (e.Opens == "" || string(f.Opens) == e.Opens) && (e.Evidence == 0 || len(f.Evidence) == e.Evidence) &&
		!slices.ContainsFunc(e.Says, func(words string) bool { return !said(words) })
}

// String is the line as a case has it.
func (e expectLine) String() string {
	text := fmt.Sprintf("rule: %s, on: %s", e.Rule, e.On)
	if e.Deadline.Year != 0 {
		text += ", deadline: " + e.Deadline.String()
	}
	for _, v := range []struct{ key, value string }{{"scope", e.Scope}, {"step", e.Step}, {"opens", e.Opens}, {"says", strings.Join(e.Says, "; ")}} {
		if v.value != "" {
			text += fmt.Sprintf(", %s: %s", v.key, v.value)
		}
	}
	if e.Evidence > 0 {
		text += fmt.Sprintf(", evidence: %d", e.Evidence)
	}
	return text
}

// describe is a finding as a case would expect it.
func describe(f Finding) string {
	return expectLine{
		Rule: f.Rule, On: calendar.DayOf(f.AsOf), Deadline: f.Deadline, Scope: f.Scope, Step: f.Step, Opens: string(f.Opens), Says: []string{f.Summary},
		Evidence: len(f.Evidence),
	}.String()
}
