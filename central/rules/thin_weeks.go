package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// thinWeeks is the check of the timetable that goes with rule E-3. Source 003, Band 1: a month is measured against "the minimum of
// 15 hours of classroom-based study", which the sponsor guidance asks for in a week. A programme below degree level whose students
// have less on the timetable of a teaching week is a fault of the timetable, not of the students, who are the evidence. What is held
// online is no classroom; optional hours are. A student with nothing on the timetable of a week is not there (on leave, or not begun)
// and is not looked at. The week is looked at when it is over: until then the timetable may still be mended.
func thinWeeks(u University) []Finding {
	var findings []Finding
	weeks := map[programmeWeek][]Week{}
	for _, w := range u.Weeks {
		key := programmeWeek{w.Programme, w.Monday}
		weeks[key] = append(weeks[key], w)
	}
	for key, students := range weeks { // Survey puts what comes of it in order
		if key.monday.Add(7).Starts().After(u.AsOf) || !u.teachingWeek(key.monday) {
			continue
		}
		for _, p := range u.Policies(key.monday) {
			if short := shortOf(students, p); len(short) > 0 {
				findings = append(findings, key.finding(short, p))
			}
		}
	}
	return findings
}

type programmeWeek struct {
	programme string
	monday    calendar.Day
}

// teachingWeek reports whether all working days of a week are in one term: a term that begins on a Thursday owes no 15 hours.
func (u University) teachingWeek(monday calendar.Day) bool {
	term, in := u.Calendar.TermAt(monday.Starts())
	return in && term.Contains(monday.Add(4))
}

// shortOf are the students of a week who have less than a policy's clause wants of them, those with least first.
func shortOf(students []Week, p *policy.Policy) []Week {
	if p.Rules.MonthList == nil {
		return nil
	}
	short := slices.DeleteFunc(slices.Clone(students), func(w Week) bool {
		return w.Minutes >= 60*p.Rules.MonthList.WeekHours || !expectedInRooms(w.Subject, p)
	})
	slices.SortFunc(short, func(a, b Week) int {
		return cmp.Or(cmp.Compare(a.Minutes, b.Minutes), cmp.Compare(a.Student, b.Student))
	})
	return slices.Compact(short)
}

// expectedInRooms reports whether the hours are asked of somebody: in the policy's scope, below degree level, and not studying at a
// distance or on placement, where no taps are expected (E-10).
func expectedInRooms(who policy.Subject, p *policy.Policy) bool {
	away := p.Rules.Delivery != nil && slices.Contains(p.Rules.Delivery.WithoutTaps, who.Delivery)
	return !away && p.Scope.Fits(who) && slices.Contains(p.Rules.MonthList.Levels, who.Level)
}

func (k programmeWeek) finding(short []Week, p *policy.Policy) Finding {
	students := make([]string, len(short))
	for i, w := range short {
		students[i] = w.Student
	}
	least := short[0].Minutes
	return Finding{
		Rule: "E-3", Subject: "programme " + k.programme, Scope: k.monday.String(), Step: "thin timetable", Opens: Task, AsOf: k.monday.Add(7).Starts(),
		Evidence: atMost(students), Policy: p.ID(),
		Summary: fmt.Sprintf("%d students have less than %d hours in a room in the week of %s, the least %d:%02d", len(short), p.Rules.MonthList.WeekHours, k.monday,
			least/60, least%60),
	}
}
