package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// sponsorReport is rule A-5. Source 004, items 10 and 11: whichever is first of 10 missed contacts and attendance below 80 %, to
// be reported within 10 days. It speaks of students whose visa the university sponsors; the text says "students", but nobody
// else can be reported.
//
// Day 0 is the day of the tenth missed contact, or the day on which it became known that attendance had fallen below 80 %: a
// fall that a silent building hid is none to anybody before, while the tenth missed contact has a day of its own in the text.
//
// The final warning is the "last chance" to avoid this report, and the same numbers give both (items 9 and 10). Both are
// found at once; when the college records before the deadline that it is satisfied, UKVI is told of that and
// nothing is overdue.
func sponsorReport(s Student, h engagement.History) (Finding, bool) {
	if !h.Sponsored {
		return Finding{}, false
	}
	met, at := dayZero(s, h)
	p := s.on(met)
	if at.policy == nil || met.After(s.AsOf) || p == nil || p.Rules.SponsorReport == nil {
		return Finding{}, false
	}
	day, due := calendar.DayOf(met), p.Rules.SponsorReport.Due
	return Finding{
		Rule: "A-5", Scope: h.Term, Step: "report to ukvi", Opens: Case, Level: Report, AsOf: met, Deadline: due.After(day, s.Calendar),
		Evidence: ids(h.Missed(at.at)), Policy: p.ID(), Summary: fmt.Sprintf("%s: %s; decide and report within %s of %s", Report, at, due, day),
	}, true
}

// dayZero is when the first of the two was met, and the stand on which it rests; a stand without a policy if neither was.
func dayZero(s Student, h engagement.History) (met time.Time, on stand) {
	for st := range s.stands(h.Contacts) {
		if on.policy != nil && !st.at.Before(met) {
			break
		}
		report := st.policy.Rules.SponsorReport
		switch {
		case report == nil:
		case st.missed(&report.Rung) >= report.Missed:
			return st.at, st
		case st.below(report.Below):
			known := later(st.at, learned(h.Contacts[:st.done], report.Below, st.policy.Counting))
			if on.policy == nil || known.Before(met) {
				met, on = known, st
			}
		}
	}
	return met, on
}

// learned is when it was first known that contacts come to less than a per cent: before, too many of them were unknown.
func learned(contacts []engagement.Contact, percent int64, by policy.Counting) time.Time {
	ordered := slices.Clone(contacts)
	slices.SortStableFunc(ordered, func(a, b engagement.Contact) int { return a.KnownAt.Compare(b.KnownAt) })
	var m engagement.Measure
	for _, c := range ordered {
		if c.Kind == engagement.Session {
			m.Unknown++
		}
	}
	for i := range ordered {
		c := &ordered[i]
		if c.Kind == engagement.Session {
			m.Unknown--
		}
		m.Add(c)
		if m.Tally(by).Counted >= by.MinCounted && m.AtBest(by).Below(percent) {
			return c.KnownAt
		}
	}
	return time.Time{}
}

// overdueReport is a report that was due and of which nobody recorded that it was made, or that it is not needed.
func overdueReport(s Student, c climb, a answers) (Finding, bool) {
	over := c.report.Deadline.Add(1).Starts()
	p := s.on(over)
	if over.After(s.AsOf) || p == nil || p.Rules.SponsorReport == nil {
		return Finding{}, false
	}
	if f, ok := a.first(engagement.Reported, engagement.Satisfied); ok && f.At.Before(over) {
		return Finding{}, false
	}
	return Finding{
		Rule: "A-5", Scope: c.Term, Step: "overdue", Opens: Task, AsOf: over, Deadline: c.report.Deadline, Evidence: c.report.Evidence, Policy: p.ID(),
		Summary: fmt.Sprintf("The report to UKVI was due on %s and nobody has recorded that it was made", c.report.Deadline),
	}, true
}
