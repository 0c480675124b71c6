package rules

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
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

// reached reports whether a rung of the ladder is; a clause that is not in the policy never is.
func reached(r *policy.Rung, t engagement.Tally, by policy.Counting) bool {
	return r != nil && (t.Missed >= r.Missed || t.Counted >= by.MinCounted && t.Below(r.Below))
}

// ladder is for each term by itself: counters start again with a term (C-5).
func ladder(s Student) []Finding {
	var findings []Finding
	for _, term := range s.Terms(s.Calendar) {
		findings = append(findings, climb(s, term)...)
	}
	return findings
}

// climb walks a term's contacts in the order in which they ended and gives the findings in that order, each by the policy
// in force on the day it was met. A level is issued once in a term and recovery does not take it back; of several reached at
// once only the highest is issued and the lower ones count as issued with it (RULES 3.3, ambiguities ii to iv).
func climb(s Student, h engagement.History) []Finding {
	var (
		findings []Finding
		count    engagement.Count
		issued   Level
		reported bool
	)
	for i, contact := range h.Contacts {
		if contact.EndsAt.After(s.AsOf) {
			break
		}
		count.Add(contact)
		if i+1 < len(h.Contacts) && h.Contacts[i+1].EndsAt.Equal(contact.EndsAt) {
			continue // contacts that end together are judged together
		}
		p := s.on(contact.EndsAt)
		if p == nil {
			continue
		}
		tally := count.Tally(p.Counting)
		if w := warning(tally, p); w.level > issued {
			findings = append(findings, w.finding(h, tally, p, contact.EndsAt))
			issued = w.level
		}
		if !reported && h.Sponsored && sponsorReport(tally, p) {
			findings = append(findings, reportFinding(h, tally, p, s.Calendar, contact.EndsAt))
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
func warning(t engagement.Tally, p *policy.Policy) step {
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

func (s step) finding(h engagement.History, t engagement.Tally, p *policy.Policy, at time.Time) Finding {
	return Finding{
		Rule: s.rule, Scope: h.Term, Step: strings.ToLower(s.level.String()), Opens: Warning, Level: s.level, AsOf: at,
		Summary: standing(s.level, t), Evidence: ids(h.Missed(at)), Policy: p.ID(),
	}
}

func standing(l Level, t engagement.Tally) string {
	return fmt.Sprintf("%s: %d of %d contacts attended (%d.%d %%), %d missed without authorisation",
		l, t.Attended, t.Counted, t.Permille()/10, t.Permille()%10, t.Missed)
}
