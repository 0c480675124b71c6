package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/config"
)

// fourMissed is a scenario in which everything comes out as written; tests put one line wrong.
const fourMissed = `scenario: Four missed classes
policy: {start_from: college}
only: [A-2, A-3]
terms: {term: Autumn, from: 2026-09-28, to: 2026-12-18}
places: {Library: {L1: , L2: }}
people: {Amara: , Ben: }
timetable:
  - {class: Law, room: L1, time: 09:00-10:00, days: [Mon, Tue, Wed, Thu, Fri], from: 2026-10-05, to: 2026-10-09, students: everybody}
attends: {students: Amara}
steps:
  - at: 2026-10-05 08:50
    tap: Ben at L2
    expect:
      light: red (window closed)
      lights:
        - {reader: L1, shows: blue}
  - at: 2026-10-08 12:00
    expect:
      marks:
        - {student: Ben, session: Law 2026-10-08, is: A, says: No tap}
        - {student: Ben, class: Law, row: A A A A}
      percentages:
        - {student: Ben, attended: 0, of: 4, percent: 0}
      contacts:
        - {student: Ben, expected: 4, met: 0, missed: 4}
      standings:
        - {student: Ben, level: first warning}
      findings:
        - {student: Ben, rule: A-2, step: first warning, opens: warning, scope: Autumn, on: 2026-10-08, policy: college v1}
      no_findings:
        - {student: Amara}
      no_other_findings: [Ben]
  - at: 2026-10-08 13:00
    amend: {student: Ben, session: Law 2026-10-08, to: E, reason: Ill}
    expect:
      findings:
        - {student: Ben, rule: A-2, superseded: true}
  - at: 2026-10-30 09:00
    amend: {student: Ben, session: Law 2026-10-09, to: P, reason: Was there, role: lecturer}
    expect:
      refused: within 7 days
`

// lineOf is the first line of text that contains a piece.
func lineOf(t *testing.T, text, piece string) int {
	t.Helper()
	before, _, found := strings.Cut(text, piece)
	if !found {
		t.Fatalf("no %q in the text", piece)
	}
	return strings.Count(before, "\n") + 1
}

func play(t *testing.T, text string) Result {
	t.Helper()
	f, err := Parse("story.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Play(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStoryComesOutAsWritten(t *testing.T) {
	r := play(t, fourMissed)
	if len(r.Differences) > 0 || r.Steps != 4 || r.Expected != 12 {
		t.Errorf("played %d steps with %d expectations and %v; want 4, 12 and no difference", r.Steps, r.Expected, r.Differences)
	}
}

// Every kind of expectation must be able to fail, at its own line, and say what was found. What is put wrong in one round does
// not touch the rest of it.
func TestWrongExpectationIsNamed(t *testing.T) {
	type wrong struct{ name, right, wrong, what, expected, found string }
	rounds := [][]wrong{{
		{"light", "light: red (window closed)", "light: green", "The light for Ben at L2", "green", "red (window closed)"},
		{"reader", "{reader: L1, shows: blue}", "{reader: L1, shows: off}", "What the reader L1/door shows", "off", "blue"},
		{"mark", "is: A, says: No tap", "is: P", "Ben's mark in Law 2026-10-08", "P", "A: No tap; the readers were working"},
		{"row", "row: A A A A", "row: A A P A", "Ben's row in the registers of Law", "A A P A", "A A A A"},
		{"percentage", "of: 4, percent: 0", "of: 5", "Ben's attendance in Autumn", "0 attended of 5", "0 of 4, 0.0 %"},
		{"contacts", "met: 0, missed: 4", "missed: 3", "Ben's contacts in Autumn", "4 expected, 3 missed", "4 expected, 0 met, 4 missed, 0 excused, 0 unknown"},
		{"standing", "level: first warning}", "level: none}", "Ben's standing in Autumn", "none", "first warning"},
		{"finding on another day", "on: 2026-10-08, policy", "on: 2026-10-07, policy", "A finding about Ben", "on 2026-10-07", "on 2026-10-08: First warning"},
		{"finding that still holds", "superseded: true", "superseded: false", "A finding about Ben", "A-2", "superseded on 2026-10-08"},
		{"no finding", "- {student: Amara}", "- {student: Ben}", "Findings about Ben", "none: any", "A-2, step first warning"},
		{"refusal", "refused: within 7 days", "refused: because of the moon", "What the step wants", "refused: because of the moon", "within 7 days"},
	}, {
		{"reason of a light", "light: red (window closed)", "light: red (not listed)", "The light for Ben at L2", "red (not listed)", "red (window closed)"},
		{"sentence of a mark", "is: A, says: No tap", "is: A, says: Tapped at", "Ben's mark in Law 2026-10-08", `A, saying "Tapped at"`, "A: No tap"},
		{"percent", "of: 4, percent: 0", "of: 4, percent: 0.1", "Ben's attendance in Autumn", "0.1 %", "0.0 %"},
		{"finding with a deadline", "on: 2026-10-08, policy", "deadline: 2026-10-18, policy", "A finding about Ben", "deadline 2026-10-18", "A-2, step first warning"},
		{"finding about nobody", "{student: Ben, rule: A-2, superseded: true}", "{about: university, rule: E-1}", "A finding about the university", "about university, E-1", "none"},
		{"a refusal that does not come", "role: lecturer", "role: team", "What the step wants", "refused: within 7 days", "it was done"},
	}, {
		{"a refusal nobody expects", "      refused: within 7 days", "      marks: {student: Ben, class: Law, row: A A A E A}", "What the step wants", "done", "within 7 days"},
	}}
	lines := map[string]string{"a refusal nobody expects": "at: 2026-10-30", "a refusal that does not come": "refused:"}
	for _, round := range rounds {
		text := strings.Replace(fourMissed, "      no_other_findings: [Ben]\n", "", 1)
		for _, w := range round {
			text = strings.Replace(text, w.right, w.wrong, 1)
		}
		r := play(t, text)
		if len(r.Differences) != len(round) {
			t.Errorf("%d differences, want %d: %v", len(r.Differences), len(round), r.Differences)
		}
		for _, w := range round {
			line := lineOf(t, text, cmp.Or(lines[w.name], strings.TrimSpace(w.wrong)))
			i := slices.IndexFunc(r.Differences, func(d Difference) bool { return d.Line == line })
			if i < 0 {
				t.Errorf("%s: nothing differs in line %d", w.name, line)
				continue
			}
			d := r.Differences[i]
			if d.File != "story.yaml" || d.What != w.what || !strings.Contains(d.Expected, w.expected) || !strings.Contains(d.Found, w.found) || d.Next == "" {
				t.Errorf("%s: difference = %+v; want %q, expected %q, found %q and what to look at", w.name, d, w.what, w.expected, w.found)
			}
		}
	}
}

func TestOtherFindingIsNamed(t *testing.T) {
	text := strings.Replace(fourMissed, "        - {student: Ben, rule: A-2, step: first warning, opens: warning, scope: Autumn, on: 2026-10-08, policy: college v1}\n", "        []\n", 1)
	r := play(t, strings.Replace(text, "findings:\n        []", "findings: []", 1))
	if len(r.Differences) != 1 || r.Differences[0].What != "Other findings about Ben" || !strings.Contains(r.Differences[0].Found, "A-2") {
		t.Errorf("differences = %v, want the finding that nobody expects", r.Differences)
	}
}

func TestDifferenceIsPrinted(t *testing.T) {
	var b strings.Builder
	Difference{File: "a.yaml", Line: 7, What: "Ben's mark in Law", Expected: "P", Found: "A: No tap", Because: "001", Next: "look"}.Print(&b)
	want := "a.yaml:7: Ben's mark in Law\n    expected  P\n    found     A: No tap\n    because   001\n    next      look\n"
	if diff := gocmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStoryIsTold(t *testing.T) {
	f, err := Parse("story.yaml", []byte(fourMissed))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if _, err := f.Play(t.Context(), Options{Story: &b}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Mon 5 Oct 2026 08:50  Ben at L2: red (window closed)", "Mon 5 Oct 2026 08:55  Amara taps for Law 2026-10-05: green",
		"Thu 8 Oct 2026 13:00  staff records E for Ben in Law 2026-10-08: Ill", "refused: the policy does not allow this",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the story lacks %q:\n%s", want, b.String())
		}
	}
}

// Every fault comes with its line, and all of them at once.
func TestFaultyFiles(t *testing.T) {
	tests := []struct{ name, right, wrong, want string }{
		{"no title", "scenario: Four missed classes", "because: x", "scenario: missing"},
		{"unknown key", "attends: {students: Amara}", "attend: {students: Amara}", "attend: unknown key; known here: scenario, because, only"},
		{"two policies", "{start_from: college}", "[college, portsmouth]", "one policy is enough here"},
		{"a number of a card that nobody can read", "people: {Amara: , Ben: }", "people: {Amara: {card: 12345}, Ben: }", "write it as w26:123:45678"},
		{"somebody twice", "people: {Amara: , Ben: }", "people: [Amara, Ben, Amara]", `"Amara" is there twice`},
		{"no rule", "rule: A-2, step", "rule: A2, step", "write it as in policies, for example A-2"},
		{"unknown policy", "start_from: college", "start_from: oxford", `no policy is called "oxford"`},
		{"faulty policy", "{start_from: college}", "{start_from: college, change: {marking.min_coverage: 900}}", "900 is not a percentage"},
		{"a key that stands twice", "people: {Amara: , Ben: }", "people: {Amara: , Amara: }", "not valid YAML"},
		{"a term backwards", "to: 2026-12-18}", "to: 2026-08-18}", "the term ends on 2026-08-18, before it begins"},
		{"a room nobody has", "room: L1", "room: L9", `there is no room "L9" under places; rooms are L1, L2`},
		{"no time", "time: 09:00-10:00, ", "", "time: missing; write for example 09:00-10:00"},
		{"time backwards", "09:00-10:00", "10:00-09:00", "not a time from and to"},
		{"a day of no week", "[Mon, Tue,", "[Mon, Thuesday,", "not a day of the week"},
		{"nobody", "attends: {students: Amara}", "attends: {students: Amra}", `nobody under people is called "Amra"; people are Amara, Ben`},
		{"a row too long", "attends: {students: Amara}", "attends: {students: Amara, row: P*6}", "the row speaks of 6 meetings, but Law meets 5 times"},
		{"a row of what", "attends: {students: Amara}", "attends: {students: Amara, row: P X}", "write P for on time"},
		{"no moment", "at: 2026-10-05 08:50", "at: tomorrow", "not a moment; write for example 2026-10-05 09:00"},
		{"before the step above", "at: 2026-10-08 13:00", "at: 2026-10-07 13:00", "is before the step above it, Thu 8 Oct 2026 12:00"},
		{"an hour that is not there", "at: 2026-10-30 09:00", "at: 2027-03-28 01:30", "does not exist on 2027-03-28"},
		{"an hour that is there twice", "at: 2026-10-30 09:00", "at: 2026-10-25 01:30", "write 01:30+01:00 for the first"},
		{"no tap", "tap: Ben at L2", "tap: Ben", "not a tap; write for example Amara at L1"},
		{"a tap of a stranger", "tap: Ben at L2", "tap: Dora at L2", `nobody under people is called "Dora"`},
		{"a reader nobody has", "tap: Ben at L2", "tap: Ben at L2/back", "write a room, or one of its readers: L1/door, L2/door"},
		{"no light", "light: red (window closed)", "light: purple", "not a light; write green"},
		{"no reason", "light: red (window closed)", "light: red (moon)", "the reasons are not listed"},
		{"a session nobody has", "session: Law 2026-10-08, is", "session: Law 2026-10-18, is", `there is no session "Law 2026-10-18"`},
		{"no mark", "is: A, says: No tap", "is: Q", `"Q" is not a mark`},
		{"no level", "level: first warning}", "level: third warning}", `"third warning" is not a level; write none, first warning`},
		{"nothing that opens", "opens: warning", "opens: window", "write one of [notice alert warning task case]"},
		{"nothing to compare", "{student: Ben, attended: 0, of: 4, percent: 0}", "{student: Ben}", "write percent: 90.0, or attended: 27 and of: 30"},
		{"no reason to amend", "to: E, reason: Ill", "to: E", "reason: missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(fourMissed, tt.right, tt.wrong, 1)
			_, err := Parse("story.yaml", []byte(text))
			faults, is := errors.AsType[config.Faults](err)
			if !is {
				t.Fatalf("Parse = %v, want faults", err)
			}
			line := 1
			if tt.name != "no time" && tt.name != "no title" {
				line = lineOf(t, text, tt.wrong)
			}
			if tt.name == "no time" {
				line = lineOf(t, text, "- {class: Law")
			}
			if !strings.Contains(faults.Error(), tt.want) {
				t.Errorf("faults:\n%v\nlack %q", faults, tt.want)
			}
			if tt.name != "no title" && faults[0].Line != line {
				t.Errorf("the fault is said to be in line %d, want %d: %v", faults[0].Line, line, faults)
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	text := strings.NewReplacer("room: L1", "room: L9", "tap: Ben at L2", "tap: Dora at L2", "level: first warning}", "level: third}").Replace(fourMissed)
	_, err := Parse("story.yaml", []byte(text))
	faults, _ := errors.AsType[config.Faults](err)
	if len(faults) != 3 {
		t.Errorf("faults = %v, want three", err)
	}
	for i := 1; i < len(faults); i++ {
		if faults[i].Line < faults[i-1].Line {
			t.Errorf("faults do not stand in the order of the file: %v", faults)
		}
	}
}

func TestPolicyWithoutAClause(t *testing.T) {
	text, err := Policy{StartFrom: "college", Change: map[string]string{"rules.A-1": "", "rules.A-2.missed": "3"}}.text(".")
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Parse("college", text)
	if err != nil {
		t.Fatal(err)
	}
	if p.Rules.DailyAlert != nil || p.Rules.FirstWarning.Missed != 3 || p.NotFromPolicy["counting.min_counted"] == "" {
		t.Errorf("A-1 is %v, A-2 %v, notes %v", p.Rules.DailyAlert, p.Rules.FirstWarning, p.NotFromPolicy)
	}
}

func TestShortForms(t *testing.T) {
	short := strings.NewReplacer("policy: {start_from: college}", "policy: college", "{Library: {L1: , L2: }}", "{Library: [L1, L2]}", "{Amara: , Ben: }", "[Amara, Ben]", "shows: blue", "shows: Blue").Replace(fourMissed)
	if r := play(t, short); len(r.Differences) > 0 || r.Expected != 12 {
		t.Errorf("%d expectations and %v; want 12 and no difference", r.Expected, r.Differences)
	}
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"2026-10-05": "2026-10-04T23:00:00Z", "2026-10-05 08:29:59.999": "2026-10-05T07:29:59.999Z", "2026-10-26 08:30Z": "2026-10-26T08:30:00Z",
		"2026-10-25 01:30+01:00": "2026-10-25T00:30:00Z", "2026-10-25 01:30+00:00": "2026-10-25T01:30:00Z", "09:05": "2026-11-02T09:05:00Z",
	} {
		var m Moment
		err := m.UnmarshalText([]byte(text))
		at, onErr := m.on(day(t, "2026-11-02"))
		if err != nil || onErr != nil || at.Format("2006-01-02T15:04:05.999Z07:00") != want {
			t.Errorf("%s = %v, %v, %v; want %s", text, at, err, onErr, want)
		}
	}
	for _, text := range []string{"", "5 October", "2026-10-05 24:00", "2026-02-30", "9", "2026-10-05 09:00+02:00"} {
		var m Moment
		if err := m.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, fmt.Sprint(m))
		}
	}
}
