package rules

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
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

// ladder is for each term by itself: counters and levels start again with a term, and what the last one led to
// stays (C-5, source 004, note).
func ladder(s Student) []Finding {
	var climbs []climb
	for _, term := range s.Terms(s.Calendar) {
		c := climb{History: term, warnings: warnings(s, term)}
		if report, met := sponsorReport(s, term); met {
			c.report = &report
		}
		climbs = append(climbs, c)
	}
	var findings []Finding
	for i, c := range climbs {
		findings = append(findings, c.warnings...)
		if c.report != nil {
			findings = append(findings, *c.report)
			findings = append(findings, aftermath(s, c, nextReport(climbs[i+1:]))...)
		}
	}
	return findings
}

// climb is a term with what it led to.
type climb struct {
	engagement.History
	warnings []Finding
	report   *Finding
}

// nextReport is when a later term came to a report; zero if none did.
func nextReport(later []climb) time.Time {
	for _, c := range later {
		if c.report != nil {
			return c.report.AsOf
		}
	}
	return time.Time{}
}

// aftermath is what follows from a report and from what people did about it. What they did without saying for which term is
// about the last report before it.
func aftermath(s Student, c climb, next time.Time) []Finding {
	var findings []Finding
	a := answers{s: s, report: *c.report, next: next}
	for _, follows := range []func(Student, climb, answers) (Finding, bool){overdueReport, expulsion, improvement} {
		if f, ok := follows(s, c, a); ok {
			findings = append(findings, f)
		}
	}
	return findings
}

// stand is how far a stretch of contacts has come at a moment at which one of them ended.
type stand struct {
	at     time.Time
	done   int // so many contacts have ended
	tally  engagement.Tally
	best   engagement.Tally // if the student attended everything of which nothing is known (G-3)
	run    int64            // contacts missed one after another, up to the last
	policy *policy.Policy   // of that day
}

// stands walks contacts in the order in which they ended, up to s.AsOf; those that end together are looked at together.
// Moments at which no policy holds are left out.
func (s Student) stands(contacts []engagement.Contact) iter.Seq[stand] {
	return func(yield func(stand) bool) {
		var m engagement.Measure
		var run int64
		for i := range contacts {
			c := &contacts[i]
			if c.EndsAt.After(s.AsOf) {
				return
			}
			m.Add(c)
			run = inARow(run, c.Code)
			if i+1 < len(contacts) && contacts[i+1].EndsAt.Equal(c.EndsAt) {
				continue
			}
			p := s.on(c.EndsAt)
			if p == nil {
				continue
			}
			if !yield(stand{at: c.EndsAt, done: i + 1, tally: m.Tally(p.Counting), best: m.AtBest(p.Counting), run: run, policy: p}) {
				return
			}
		}
	}
}

// inARow counts contacts missed one after another. What was authorised, cancelled or not required is neither missed nor met; of
// what is unknown the student may have met it (G-3).
func inARow(run int64, code register.Code) int64 {
	switch code {
	case register.Absent:
		return run + 1
	case register.Authorised, register.Cancelled, register.NotNeeded:
		return run
	}
	return 0
}

// below reports whether the rate is below a per cent, whatever the unknown turns out to be. Few contacts make no percentage.
func (s stand) below(percent int64) bool {
	return s.tally.Counted >= s.policy.Counting.MinCounted && s.best.Below(percent)
}

// missed is what a rung counts as missed.
func (s stand) missed(r *policy.Rung) int64 {
	if r.Consecutive {
		return s.run
	}
	return s.tally.Missed
}

// reached reports whether a rung of the ladder is; a clause that is not in the policy never is.
func (s stand) reached(r *policy.Rung) bool {
	return r != nil && (s.missed(r) >= r.Missed || s.below(r.Below))
}

// warnings are in one term, in the order in which they were met, each by the policy in force on its day. A level is
// issued once in a term and recovery does not take it back; of several reached at once only the highest is issued and the
// lower ones count as issued with it (RULES 3.3, ambiguities ii to iv).
func warnings(s Student, h engagement.History) []Finding {
	var findings []Finding
	var issued Level
	for st := range s.stands(h.Contacts) {
		if w := warning(st); w.level > issued {
			findings = append(findings, w.finding(h, st))
			issued = w.level
		}
	}
	return findings
}

// step is a warning that was reached.
type step struct {
	level Level
	rule  string
}

// warning is the highest warning that is reached.
func warning(s stand) step {
	switch {
	case finalWarning(s):
		return step{Final, "A-4"}
	case secondWarning(s):
		return step{Second, "A-3"}
	case firstWarning(s):
		return step{First, "A-2"}
	}
	return step{}
}

func (w step) finding(h engagement.History, s stand) Finding {
	return Finding{
		Rule: w.rule, Scope: h.Term, Step: strings.ToLower(w.level.String()), Opens: Warning, Level: w.level, AsOf: s.at,
		Summary: fmt.Sprintf("%s: %s", w.level, s), Evidence: ids(h.Missed(s.at)), Policy: s.policy.ID(),
	}
}

// String is the figures as people read them.
func (s stand) String() string {
	t := s.tally
	return fmt.Sprintf("%d of %d contacts attended (%d.%d %%), %d missed without authorisation", t.Attended, t.Counted, t.Permille()/10, t.Permille()%10, t.Missed)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
