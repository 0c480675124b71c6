package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/report"
)

// Weekly implements report.Source.
func (s ReportSource) Weekly(ctx context.Context, term string) ([]report.Tally, error) {
	type place struct{ monday, department string }
	sums := map[place]*report.Rate{}
	_, err := list(ctx, s.read, func(r *sql.Rows) (none struct{}, err error) {
		var department string
		var weeks string
		if err := r.Scan(&department, &weeks); err != nil {
			return none, err
		}
		return none, decodeShares(weeks, func(p judge.Share) {
			sum := sums[place{p.Of, department}]
			if sum == nil {
				sum = &report.Rate{}
				sums[place{p.Of, department}] = sum
			}
			sum.Attended += p.Attended
			sum.Counted += p.Counted
		})
	}, `SELECT s.department, t.weeks FROM standing t JOIN student s ON s.id = t.student_id WHERE t.term_id = $1`, term)
	if err != nil {
		return nil, fmt.Errorf("count marks by week: %w", err)
	}
	tallies := make([]report.Tally, 0, len(sums))
	for of, rate := range sums {
		monday, err := calendar.ParseDay(of.monday)
		if err != nil {
			return nil, fmt.Errorf("count marks by week: %w", err)
		}
		tallies = append(tallies, report.Tally{StartsAt: monday.Starts(), Department: of.department, Rate: *rate})
	}
	return tallies, nil
}

// WeeksOf implements report.Source.
func (s ReportSource) WeeksOf(ctx context.Context, term string, students []string) ([]report.StudentTally, error) {
	ids, err := keys(students)
	if err != nil {
		return nil, fmt.Errorf("count marks of students: %w", err)
	}
	var tallies []report.StudentTally
	_, err = list(ctx, s.read, func(r *sql.Rows) (none struct{}, err error) {
		var student string
		var weeks string
		if err := r.Scan(&student, &weeks); err != nil {
			return none, err
		}
		return none, decodeShares(weeks, func(p judge.Share) {
			if monday, err := calendar.ParseDay(p.Of); err == nil { // as the judge wrote it
				tallies = append(tallies, report.StudentTally{
					Student: student, Tally: report.Tally{StartsAt: monday.Starts(), Rate: report.Rate{Attended: p.Attended, Counted: p.Counted}},
				})
			}
		})
	}, `SELECT student_id, weeks FROM standing WHERE student_id IN ({{keys $1}}) AND term_id = $2`, ids, term)
	if err != nil {
		return nil, fmt.Errorf("count marks of students: %w", err)
	}
	return tallies, nil
}

// Modules implements report.Source.
func (s ReportSource) Modules(ctx context.Context, term, after string, limit int) ([]report.ModuleRate, error) {
	var rates []report.ModuleRate
	_, err := list(ctx, s.read, func(r *sql.Rows) (none struct{}, err error) {
		var student string
		var modules string
		if err := r.Scan(&student, &modules); err != nil {
			return none, err
		}
		return none, decodeShares(modules, func(p judge.Share) {
			rates = append(rates, report.ModuleRate{Student: student, Module: p.Of, Rate: report.Rate{Attended: p.Attended, Counted: p.Counted}})
		})
	}, `SELECT student_id, modules FROM standing WHERE term_id = $1 AND student_id > $2 ORDER BY student_id LIMIT $3`, term, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list rates of modules: %w", err)
	}
	return rates, nil
}
