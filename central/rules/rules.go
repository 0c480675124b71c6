// Package rules says what a policy concludes from what is known of a student: one file per clause, each a pure function with its
// source. It reads no store and no clock, so that any past judgement can be replayed; it decides nothing about people (RULES G-7).
package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// Student is what a clause looks at: everything known of one student, the policy that holds for them on each day, and the moment
// up to which time has come.
type Student struct {
	engagement.Record
	Policies policy.ByDay
	Calendar *calendar.Calendar
	AsOf     time.Time
}

// Opens is what a finding puts before people. None of it does anything by itself (RULES G-7).
type Opens string

// What findings open, from the lightest.
const (
	Notice  Opens = "notice"  // shown to staff, nothing is due
	Alert   Opens = "alert"   // the student is to be told
	Warning Opens = "warning" // the student is to be warned, a step of a ladder
	Task    Opens = "task"    // somebody has to do something
	Case    Opens = "case"    // to be looked into and decided by a named person
)

// Finding is what a rule says about a student, or about something else of the university: an event with a date, not a state. It
// is never deleted; one that no longer follows from the facts is superseded. Rule, Scope and Step with the student or the Subject
// are its action key (G-6): what follows from it follows once.
type Finding struct {
	Rule     string // the clause, e.g. A-2
	Subject  string // of a survey: "university", "programme LAW", "session X", "room X", "point X", "card 3fa9b1c2"; "" when it is about a student
	Scope    string // over what: a term, a month "2026-10", a week "2026-10-05" by its Monday, a day, a module, an employer; "" for the whole time
	Step     string // which of the things that the clause can say, e.g. "first warning", "45 days", "overdue"
	Opens    Opens
	Level    Level        // on the ladder of warnings, for its clauses; else NoLevel
	AsOf     time.Time    // the moment at which it was met
	Summary  string       // a sentence a person can read, with the figures
	Deadline calendar.Day // the last day for what it opens; zero if there is none
	Evidence []string     // sessions and other contacts it rests on, oldest first
	Policy   string       // the version that made it
}

// clauses are all, in the order of RULES. Each gives its findings up to s.AsOf, and those of an earlier moment are among
// those of a later one: nothing that was true of the past changes because time went on.
var clauses = []func(s Student) []Finding{
	dailyAlert,
	ladder,
	whereabouts,
	inPerson,
	contactCounter,
	threshold,
	reminder,
	checkIns,        // E-2
	monthList,       // E-3
	lowMonths,       // E-4
	moduleShare,     // E-5
	meetingList,     // E-6
	withdrawalList,  // E-7
	inactivity,      // E-8
	distanceSilence, // E-9
	enrolments,      // E-11
	eventReports,    // E-12
	absenceLength,   // E-13
	placements,      // E-14
	workHours,       // E-15
	debts,           // E-17
	contactDetails,  // E-18
	curtailment,     // E-19
}

// Evaluate asks every clause and gives the findings by the moment at which they were met.
func Evaluate(s Student) []Finding {
	var findings []Finding
	for _, clause := range clauses {
		findings = append(findings, clause(s)...)
	}
	slices.SortStableFunc(findings, byMoment)
	return findings
}

// byMoment orders findings by the moment at which they were met, then by what they are about, so that the order of clauses is none.
func byMoment(a, b Finding) int {
	return cmp.Or(a.AsOf.Compare(b.AsOf), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.Step, b.Step), cmp.Compare(a.Policy, b.Policy))
}

// on is the policy that holds for the student on the day of an instant; nil when none does.
func (s Student) on(t time.Time) *policy.Policy { return s.Policies(calendar.DayOf(t)) }

// ids are the identifiers of contacts, as evidence.
func ids(contacts []engagement.Contact) []string {
	ids := make([]string, len(contacts))
	for i, c := range contacts {
		ids[i] = c.ID
	}
	return ids
}
