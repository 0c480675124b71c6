package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Order is how a list of students is sorted.
type Order string

// The orders; each is completed by student number, so that pages never overlap.
const (
	MostUrgent   Order = "urgent" // worst level first, then lowest attendance
	ByAttendance Order = "attendance"
	ByAttDesc    Order = "-attendance"
	ByName       Order = "name"
	ByNameDesc   Order = "-name"
	ByMissed     Order = "missed"
	ByMissedDesc Order = "-missed"
	ByNumber     Order = "number"
)

// Orders lists all of them.
var Orders = []Order{MostUrgent, ByAttendance, ByAttDesc, ByName, ByNameDesc, ByMissed, ByMissedDesc, ByNumber}

// Filter chooses students. The zero value chooses all.
type Filter struct {
	Search      string // part of a name, or the beginning of a student number
	Department  string
	Level       *Level
	Visa        bool  // only students on a Student visa
	Below       int64 // only those with less attendance, in percent; 0: no limit
	MissedFrom  int64 // only those with as many missed contacts or more
	Due         bool  // only those with a report due
	Pending     bool  // only those with sessions not known yet
	Order       Order // "" is MostUrgent
	Limit       int
	Offset      int
	After       string // student number: for pages by number
	Sponsorship bool   // whether the reader may see sponsorship; without it Visa and Due choose nothing and the worst level is Final
}

// Check completes a filter and refuses what cannot be asked.
func (f *Filter) Check() error {
	f.Search = strings.TrimSpace(f.Search)
	if len(f.Search) > 100 {
		return fmt.Errorf("%w: search for at most 100 characters", ErrQuery)
	}
	if f.Order == "" {
		f.Order = MostUrgent
	}
	if !slices.Contains(Orders, f.Order) {
		return fmt.Errorf("%w: there is no order %q", ErrQuery, f.Order)
	}
	if f.Level != nil && (*f.Level < Good || *f.Level > ReportToUKVI) {
		return fmt.Errorf("%w: there is no level %d", ErrQuery, *f.Level)
	}
	if !f.Sponsorship {
		f.Visa, f.Due = false, false
	}
	if f.Offset < 0 || f.Limit < 0 {
		return fmt.Errorf("%w: pages are counted from the first", ErrQuery)
	}
	return nil
}

// List is one page of students.
type List struct {
	Term  Term
	Total int // how many the filter chooses
	Rows  []StudentRow
}

// sparkWeeks is how many weeks a list shows beside each student.
const sparkWeeks = 10

// Students lists students with their standing and their last ten weeks.
func (r *Reports) Students(ctx context.Context, term string, f Filter) (List, error) {
	list, err := r.Standings(ctx, term, f)
	if err != nil || len(list.Rows) == 0 {
		return list, err
	}
	ids := make([]string, len(list.Rows))
	for i, row := range list.Rows {
		ids[i] = row.ID
	}
	now := r.Now()
	tallies, err := r.source.WeeksOf(ctx, list.Term.ID, ids)
	if err != nil {
		return List{}, fmt.Errorf("read weeks: %w", err)
	}
	byStudent := make(map[string][]Tally)
	for _, t := range tallies {
		byStudent[t.Student] = append(byStudent[t.Student], t.Tally)
	}
	last := now
	if _, to, err := list.Term.Span(); err == nil && to.Before(now) {
		last = to.Add(-time.Millisecond)
	}
	for i := range list.Rows {
		list.Rows[i].Weeks = lastWeeks(byStudent[list.Rows[i].ID], last)
	}
	return list, nil
}

// Standings lists students with their standing alone.
func (r *Reports) Standings(ctx context.Context, term string, f Filter) (List, error) {
	if err := f.Check(); err != nil {
		return List{}, err
	}
	t, err := r.Term(ctx, term)
	if err != nil {
		return List{}, err
	}
	list := List{Term: t}
	if list.Total, err = r.source.CountStudents(ctx, t.ID, f); err != nil {
		return List{}, fmt.Errorf("count students: %w", err)
	}
	if list.Rows, err = r.source.Students(ctx, t.ID, f); err != nil {
		return List{}, fmt.Errorf("list students: %w", err)
	}
	if !f.Sponsorship {
		for i := range list.Rows {
			list.Rows[i].withoutSponsorship()
		}
	}
	return list, nil
}

// Departments lists the departments that have students, by name.
func (r *Reports) Departments(ctx context.Context) ([]string, error) {
	return r.source.Departments(ctx)
}
