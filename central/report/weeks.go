package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// Tally is the marks of one department, or of one student, in the sessions of the week of an instant that are over.
type Tally struct {
	StartsAt   time.Time
	Department string
	Rate       Rate
}

// StudentTally is a Tally of one student.
type StudentTally struct {
	Student string
	Tally
}

// Week is one Monday-to-Sunday week of a term.
type Week struct {
	Monday string `json:"monday"` // yyyy-mm-dd
	Number int    `json:"number"` // from 1 in the term's first week; 0 in lists of last weeks
	Rate   Rate   `json:"rate"`
}

// DepartmentRate is the attendance of a department over a term.
type DepartmentRate struct {
	Department string `json:"department"`
	Rate       Rate   `json:"rate"`
	Weeks      []Week `json:"weeks"` // as long as those of all departments
}

// Trend is how attendance went in a term.
type Trend struct {
	Weeks       []Week           `json:"weeks"`       // from the term's first week to the last that has a counted contact
	Departments []DepartmentRate `json:"departments"` // lowest first
}

// Trend counts contacts of ended sessions by week and department.
func (r *Reports) Trend(ctx context.Context, t Term) (Trend, error) {
	tallies, err := r.source.Weekly(ctx, t.ID)
	if err != nil {
		return Trend{}, fmt.Errorf("read weeks: %w", err)
	}
	var all []Tally
	departments := make(map[string][]Tally)
	for _, tally := range tallies {
		all = append(all, tally)
		departments[tally.Department] = append(departments[tally.Department], tally)
	}
	mondays := mondaysOf(t, all)
	trend := Trend{Weeks: byWeek(mondays, all)}
	for name, own := range departments {
		weeks := byWeek(mondays, own)
		d := DepartmentRate{Department: name, Weeks: weeks}
		for _, w := range weeks {
			d.Rate = d.Rate.add(w.Rate)
		}
		trend.Departments = append(trend.Departments, d)
	}
	slices.SortFunc(trend.Departments, func(a, b DepartmentRate) int {
		return cmp.Or(cmp.Compare(a.Rate.Permille(), b.Rate.Permille()), cmp.Compare(a.Department, b.Department))
	})
	return trend, nil
}

// mondaysOf lists the Mondays from the term's first week to the last with a counted contact.
func mondaysOf(t Term, tallies []Tally) []string {
	var last string
	for _, tally := range tallies {
		if tally.Rate.Counted > 0 {
			last = max(last, mondayOf(tally.StartsAt))
		}
	}
	from, _, err := t.Span()
	if err != nil {
		return nil
	}
	var mondays []string
	for m := calendar.DayOf(from).Monday(); m.String() <= last; m = m.Add(7) {
		mondays = append(mondays, m.String())
	}
	return mondays
}

func byWeek(mondays []string, tallies []Tally) []Week {
	weeks := make([]Week, len(mondays))
	place := make(map[string]int, len(mondays))
	for i, m := range mondays {
		weeks[i] = Week{Monday: m, Number: i + 1}
		place[m] = i
	}
	for _, t := range tallies {
		if i, ok := place[mondayOf(t.StartsAt)]; ok {
			weeks[i].Rate = weeks[i].Rate.add(t.Rate)
		}
	}
	return weeks
}

// lastWeeks counts the ten weeks up to that of an instant.
func lastWeeks(tallies []Tally, last time.Time) []Week {
	monday := calendar.DayOf(last).Monday()
	mondays := make([]string, sparkWeeks)
	for i := range mondays {
		mondays[i] = monday.Add(7 * (i - sparkWeeks + 1)).String()
	}
	weeks := byWeek(mondays, tallies)
	for i := range weeks {
		weeks[i].Number = 0
	}
	return weeks
}
