package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// placements is rule E-14. Source 003, section 15, work placements, QTS and incoming internships: employer, contact name and
// address, start and end dates, days and hours per week "must be collated and where possible reported to UKVI before the
// placements are started".
//
// "Before" is read as by the last working day before the first day of the placement, since nobody reports on a Sunday; "where
// possible" excuses no one from being shown as overdue from the next day on. A placement is one employer from one day; what was
// recorded last of it holds. Whether it is being done is asked in timesheets; that no campus session is expected meanwhile is
// seen in the register.
func placements(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	var findings []Finding
	for _, p := range s.placements() {
		findings = append(findings, s.beforePlacement(p)...)
		findings = append(findings, s.overduePlacement(p)...)
		findings = append(findings, s.timesheets(p)...)
	}
	return findings
}

// stay is a placement as it was recorded last.
type stay struct {
	engagement.Fact
	scope string
	first calendar.Day
	due   calendar.Day // for the report
	known time.Time    // when it was recorded first
}

func (s Student) placements() []stay {
	at := map[string]int{}
	var stays []stay
	for _, f := range s.Of(engagement.Placement) {
		first := calendar.DayOf(f.At)
		scope := dated(f.Of, first)
		i, seen := at[scope]
		if !seen {
			i, at[scope] = len(stays), len(stays)
			stays = append(stays, stay{Fact: f, scope: scope, first: first, due: s.workingDayBefore(first), known: f.RecordedAt})
		}
		if stays[i].ID <= f.ID {
			stays[i].Fact = f
		}
		if f.RecordedAt.Before(stays[i].known) {
			stays[i].known = f.RecordedAt
		}
	}
	return stays
}

func (s Student) workingDayBefore(d calendar.Day) calendar.Day {
	for d = d.Add(-1); !s.Calendar.WorkingDay(d); {
		d = d.Add(-1)
	}
	return d
}

// beforePlacement says, from the moment a placement is known, until when it is to be reported and what there is still to ask.
func (s Student) beforePlacement(p stay) []Finding {
	held := s.on(p.known)
	if p.known.After(s.AsOf) || held == nil || held.Rules.Placement == nil {
		return nil
	}
	found := Finding{Rule: "E-14", Scope: p.scope, Opens: Task, AsOf: p.known, Deadline: p.due, Evidence: evidence(p.Fact), Policy: held.ID()}
	var findings []Finding
	if !p.due.Before(calendar.DayOf(p.known)) {
		report := found
		report.Step, report.Summary = "report before it starts", fmt.Sprintf("Placement at %s from %s; report to UKVI by %s", p.employer(), p.first, p.due)
		findings = append(findings, report)
	}
	if missing := p.missing(); len(missing) > 0 {
		found.Step, found.Summary = "details missing", fmt.Sprintf("Placement at %s from %s; not known: %s", p.employer(), p.first, strings.Join(missing, ", "))
		findings = append(findings, found)
	}
	return findings
}

func (p stay) employer() string { return cmp.Or(p.Of, "an employer nobody has named") }

// missing lists what UKVI is to be told and nobody has recorded.
func (p stay) missing() []string {
	var missing []string
	for _, detail := range []struct {
		known bool
		what  string
	}{{p.Of != "", "employer"}, {p.Note != "", "contact and address"}, {!p.Until.IsZero(), "last day"}, {p.Value != "", "days a week"}, {p.Amount > 0, "hours a week"}} {
		if !detail.known {
			missing = append(missing, detail.what)
		}
	}
	return missing
}

func (s Student) overduePlacement(p stay) []Finding {
	late := p.due.Add(1).Starts()
	held := s.on(late)
	if late.After(s.AsOf) || held == nil || held.Rules.Placement == nil || s.reportedBy("E-14", p.scope, p.due) {
		return nil
	}
	return []Finding{{
		Rule: "E-14", Scope: p.scope, Step: "overdue", Opens: Task, AsOf: late, Deadline: p.due, Evidence: evidence(p.Fact), Policy: held.ID(),
		Summary: fmt.Sprintf("Placement at %s from %s; the report to UKVI was due on %s and is not recorded", p.employer(), p.first, p.due),
	}}
}

// timesheets asks for the timesheet of each week of a placement: 003 has placements monitored by timesheets and supervisors.
//
// The source does not say how soon a timesheet must be there, so the policy does. A week counts when the placement has a
// working day in it, so that one which begins on a Friday owes that week's timesheet as well; any timesheet of the employer
// whose last day is in the week will do. Timesheets arrive as files: no week is asked for that the feed does not reach, and
// none where no timesheets are fed at all (G-3). After an event that ended the sponsorship nothing is expected.
func (s Student) timesheets(p stay) []Finding {
	through, fed := s.Known[engagement.Timesheet]
	if !fed || p.Until.IsZero() {
		return nil
	}
	last := calendar.DayOf(p.Until)
	if left, gone := s.leftFrom(p.first); gone && left.Before(last) {
		last = left
	}
	var findings []Finding
	for monday := p.first.Monday(); !last.Before(monday) && monday.Starts().Before(s.AsOf); monday = monday.Add(7) {
		if f, ok := s.timesheet(p, monday, last, through); ok {
			findings = append(findings, f)
		}
	}
	return findings
}

// timesheet is the finding that the timesheet of a week is missing.
func (s Student) timesheet(p stay, monday, last calendar.Day, through time.Time) (Finding, bool) {
	sunday := monday.Add(6)
	held := s.on(sunday.Ends())
	if held == nil || held.Rules.Placement == nil || held.Rules.Placement.TimesheetWithin == 0 || !s.worksIn(p, monday, last) {
		return Finding{}, false
	}
	late := sunday.Add(held.Rules.Placement.TimesheetWithin + 1).Starts()
	if late.After(s.AsOf) || through.Before(late) || s.hasTimesheet(p.Of, monday) {
		return Finding{}, false
	}
	return Finding{
		Rule: "E-14", Scope: dated(p.Of, monday), Step: "timesheet missing", Opens: Task, AsOf: late, Evidence: evidence(p.Fact), Policy: held.ID(),
		Summary: fmt.Sprintf("Placement at %s; no timesheet for the week from %s, ask the supervisor", p.employer(), monday),
	}, true
}

// worksIn reports whether a placement has a working day in the week of a Monday.
func (s Student) worksIn(p stay, monday, last calendar.Day) bool {
	for n := range 5 {
		if d := monday.Add(n); !d.Before(p.first) && !last.Before(d) && s.Calendar.WorkingDay(d) {
			return true
		}
	}
	return false
}

func (s Student) hasTimesheet(employer string, monday calendar.Day) bool {
	return slices.ContainsFunc(s.Facts, func(f engagement.Fact) bool {
		return f.Kind == engagement.Timesheet && f.Of == employer && calendar.DayOf(f.At).Monday() == monday
	})
}

// leftFrom is the first day from a day on that ended the student's sponsorship; ok is false if none did.
func (s Student) leftFrom(from calendar.Day) (day calendar.Day, ok bool) {
	for _, f := range s.Facts {
		if f.Kind == engagement.Change && slices.Contains(engagement.Leaving, f.Of) && !calendar.DayOf(f.At).Before(from) {
			return calendar.DayOf(f.At), true
		}
	}
	return calendar.Day{}, false
}
