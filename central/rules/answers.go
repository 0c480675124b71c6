package rules

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// answers are what people recorded about a report to UKVI and the warnings before it.
type answers struct {
	s      Student
	report Finding
	next   time.Time // when the next report was met; zero if none was
}

// warned are the clauses that an answer may name for all of the ladder.
var warned = []string{"A-2", "A-3", "A-4", "A-5"}

// first is the first fact of some kinds about the report, from its day on and not from after s.AsOf.
func (a answers) first(of ...engagement.Kind) (engagement.Fact, bool) {
	for _, f := range a.s.Facts {
		if f.At.After(a.s.AsOf) {
			break
		}
		if slices.Contains(of, f.Kind) && a.about(f) {
			return f, true
		}
	}
	return engagement.Fact{}, false
}

func (a answers) about(f engagement.Fact) bool {
	if calendar.DayOf(f.At).Before(calendar.DayOf(a.report.AsOf)) {
		return false // it answers something else
	}
	if f.Kind == engagement.Reported {
		return a.names(f, "A-5")
	}
	return slices.ContainsFunc(warned, func(rule string) bool { return a.names(f, rule) })
}

// names reports whether a fact is about a clause in the report's term. One that names no term is about the last report.
func (a answers) names(f engagement.Fact, rule string) bool {
	if f.Of == rule {
		return a.next.IsZero() || f.At.Before(a.next)
	}
	return f.Of == rule+" "+a.report.Scope
}

// Answered reports whether, by s.AsOf, people recorded that a report was made or that it is not needed; found are all findings
// of the student.
func Answered(s Student, report Finding, found []Finding) bool {
	a := answers{s: s, report: report}
	for _, f := range found { // by AsOf
		if f.Level == Report && f.AsOf.After(report.AsOf) {
			a.next = f.AsOf
			break
		}
	}
	_, answered := a.first(engagement.Reported, engagement.Satisfied)
	return answered
}
