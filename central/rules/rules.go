// Package rules says what a policy concludes from a student's history: one file per clause, each a pure function with its source. It
// reads no store and no clock, so that any past judgement can be replayed; it decides nothing about people (RULES G-7).
package rules

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// Level is how far a student has come on the ladder of warnings.
type Level int

// The levels of source 004, items 7 to 10.
const (
	NoLevel Level = iota
	First
	Second
	Final
	Report // to UKVI
)

var levelNames = [...]string{"None", "First warning", "Second warning", "Final warning", "Report to UKVI"}

// String is the name shown to people.
func (l Level) String() string { return levelNames[l] }

// Policy is the ladder of one institution, as data.
type Policy struct {
	Name       string // with version, written beside every finding
	First      Rung
	Second     Rung
	Final      Rung
	Report     Rung
	MinCounted int64  // percentages mean nothing before this many contacts count
	ReportDays int    // days from the event to the report
	Working    bool   // those are working days; otherwise calendar days
}

// Rung is one step of the ladder: attendance strictly below a percentage, or a number of missed contacts.
type Rung struct {
	BelowPercent int64
	Missed       int64
}

func (r Rung) reached(t engagement.Tally, minCounted int64) bool {
	return t.Missed >= r.Missed || t.Counted >= minCounted && t.Below(r.BelowPercent)
}

// College is source 004. Not from policy: MinCounted (the literal text would make one absence among the first three
// sessions a final warning). ReportDays counts calendar days, as the text says "within 10 days".
var College = Policy{
	Name:       "college-004 v1",
	First:      Rung{BelowPercent: 90, Missed: 4},
	Second:     Rung{BelowPercent: 85, Missed: 8},
	Final:      Rung{BelowPercent: 80, Missed: 10},
	Report:     Rung{BelowPercent: 80, Missed: 10},
	MinCounted: 10,
	ReportDays: 10,
}

// Finding is what a rule says about a student. It is never deleted; one that no longer follows from the facts is superseded.
type Finding struct {
	Rule     string
	Level    Level
	AsOf     time.Time    // end of the session that met it
	Summary  string       // a sentence a person can read
	Deadline calendar.Day // zero if there is none
	Evidence []string     // sessions missed by then, oldest first
}

// Evaluate walks a term's contacts in the order in which their sessions ended, up to asOf, and gives the findings in that
// order. A level is issued once in a term and recovery does not take it back; of several reached at once only the highest is
// issued and the lower ones count as issued with it (RULES 3.3, ambiguities ii to iv).
func Evaluate(h engagement.History, p Policy, c *calendar.Calendar, asOf time.Time) []Finding {
	var (
		findings []Finding
		tally    engagement.Tally
		issued   Level
		reported bool
	)
	for i, contact := range h.Contacts {
		if contact.EndsAt.After(asOf) {
			break
		}
		tally.Add(contact.Code)
		if i+1 < len(h.Contacts) && h.Contacts[i+1].EndsAt.Equal(contact.EndsAt) {
			continue // sessions that end together are judged together
		}
		if w := warning(tally, p); w.level > issued {
			findings = append(findings, w.finding(h, tally, contact.EndsAt))
			issued = w.level
		}
		if !reported && h.Sponsored && sponsorReport(tally, p) {
			findings = append(findings, reportFinding(h, tally, p, c, contact.EndsAt))
			reported = true
		}
	}
	return findings
}

// step is a warning that was reached.
type step struct {
	level Level
	rule  string
}

// warning is the highest warning that a tally reaches.
func warning(t engagement.Tally, p Policy) step {
	switch {
	case finalWarning(t, p):
		return step{Final, "A-4"}
	case secondWarning(t, p):
		return step{Second, "A-3"}
	case firstWarning(t, p):
		return step{First, "A-2"}
	}
	return step{}
}

func (s step) finding(h engagement.History, t engagement.Tally, at time.Time) Finding {
	return Finding{Rule: s.rule, Level: s.level, AsOf: at, Summary: standing(s.level, t), Evidence: sessions(h.Missed(at))}
}

func standing(l Level, t engagement.Tally) string {
	return fmt.Sprintf("%s: %d of %d contacts attended (%d.%d %%), %d missed without authorisation",
		l, t.Attended, t.Counted, t.Permille()/10, t.Permille()%10, t.Missed)
}

func sessions(contacts []engagement.Contact) []string {
	ids := make([]string, len(contacts))
	for i, c := range contacts {
		ids[i] = c.Session
	}
	return ids
}
