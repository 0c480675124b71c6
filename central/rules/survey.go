package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// University is what a clause looks at that is about no single student. It looks back over a bounded time only: to Since, or
// to Recent where every class list would have to be read, and at taps of some days. What was found before stays as it is.
type University struct {
	Looked   []string  // rules for which the facts here are complete
	Since    time.Time // the beginning of the present term, or of the latest
	Recent   time.Time // the beginning of a day not long ago
	AsOf     time.Time
	Calendar *calendar.Calendar
	Policies func(calendar.Day) []*policy.Policy // those that hold for somebody on a day

	Facts      []engagement.Fact             // of the university
	Known      map[engagement.Kind]time.Time // until when facts that arrive as files are complete
	Days       []calendar.Day                // of which Taps has every tap
	Taps       []Presentation
	Headcounts []Headcount
	Unheard    []Unheard
	Weeks      []Week
	Taught     []Taught
	Barred     []Barred
	Permits    []Permit
}

// Presentation is one tap of anybody or nobody, as far as it may raise a question (W-11).
type Presentation struct {
	register.Tap
	Building string   // of the point; "" when nobody knows the point
	Card     [32]byte // digest of the credential; zero if there was none
	Session  string   // that the gateway credited or would have credited; "" if none
	Sure     bool     // the gateway's clock was set, and wrong by Within at most
	Within   time.Duration
	Blocked  bool // the gateway knew the credential as reported lost or withdrawn
}

// Headcount is how many people somebody saw in a session (C-6), and how many its register then had.
type Headcount struct {
	ID         int64
	Session    string
	By         string
	At         time.Time
	Count      int64
	Registered int64    // marked P or L by a tap up to At, or by staff
	Unknown    int64    // of whom nothing is known yet
	Taps       []string // credited up to At
}

// Unheard is a register that closed while a point of its room has delivered nothing of that time yet.
type Unheard struct {
	Point    string
	ClosesAt time.Time
}

// Week is what one student below degree level had on the timetable in one teaching week; only students with anything are here.
type Week struct {
	policy.Subject
	Student string
	Monday  calendar.Day
	Minutes int64 // in a room, mandatory or not
}

// Taught is what the students of one programme have on a term's timetable, in minutes summed over students.
type Taught struct {
	Programme string
	Term      string
	Minutes   int64 // all
	Remote    int64 // held online
	Optional  int64 // in a room, and nobody has to come
}

// Barred is a room off site that is not approved, with the sessions that start there from then on.
type Barred struct {
	Room     string
	Since    time.Time
	Sessions []string // by start
}

// Permit is a holder of a visa with what is on record of their permission to be here.
type Permit struct {
	Student     string
	Permissions []engagement.Fact
}

// The parts of a survey, by the rules whose facts are read together. A survey of all is one of every part.
var (
	OfTaps      = []string{integrity} // of whole days
	OfFacts     = []string{"C-6", "E-1", "E-16", "E-20", "E-21"}
	OfTimetable = []string{"E-3", "E-22"} // every class list is read
)

// Everybody is the subject of what concerns the university as a whole.
const Everybody = "university"

// surveyed are all clauses about no single student, in the order of RULES.
var surveyed = []func(u University) []Finding{
	travel, burst, proximity, blocked, // W-11
	headcount,   // C-6
	tracker,     // E-1
	thinWeeks,   // E-3
	visaAudit,   // E-16
	reminders,   // E-20
	offSite,     // E-21
	remoteShare, // E-22
}

// Survey asks every clause and gives the findings that the survey covers, by the moment at which they were met. Where several
// policies hold and say the same of a subject, the first to say so is named.
func Survey(u University) []Finding {
	var findings []Finding
	for _, clause := range surveyed {
		findings = append(findings, clause(u)...)
	}
	slices.SortStableFunc(findings, byMoment)
	said := map[[4]string]bool{}
	return slices.DeleteFunc(findings, func(f Finding) bool {
		key := [4]string{f.Rule, f.Subject, f.Scope, f.Step}
		again := said[key]
		said[key] = true
		return again || !u.Covers(f)
	})
}

// Covers reports whether the survey has looked at all that could make such a finding.
func (u University) Covers(f Finding) bool {
	if f.AsOf.After(u.AsOf) || !slices.Contains(u.Looked, f.Rule) {
		return false
	}
	switch f.Rule {
	case integrity:
		return slices.Contains(u.Days, calendar.DayOf(f.AsOf))
	case "E-21":
		return true // a room stays barred, whenever it became so
	case "C-6", "E-3":
		return !f.AsOf.Before(u.Recent)
	}
	return !f.AsOf.Before(u.Since)
}

// held are the policies that hold for somebody on the day of an instant.
func (u University) held(t time.Time) []*policy.Policy { return u.Policies(calendar.DayOf(t)) }

// of lists the facts of a kind about something, by their moment.
func (u University) of(kind engagement.Kind, about string) []engagement.Fact {
	var of []engagement.Fact
	for _, f := range u.Facts {
		if f.Kind == kind && f.Of == about {
			of = append(of, f)
		}
	}
	slices.SortFunc(of, func(a, b engagement.Fact) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return of
}

// terms are the terms that the survey reaches.
func (u University) terms() []calendar.Term {
	return slices.DeleteFunc(slices.Clone(u.Calendar.Terms), func(t calendar.Term) bool {
		return t.Last.Add(1).Starts().Before(u.Since) || t.First.Starts().After(u.AsOf)
	})
}

// most bounds how much evidence is listed; the summary has the number.
const most = 200

func atMost(evidence []string) []string { return evidence[:min(len(evidence), most)] }
