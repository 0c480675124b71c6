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
	tallies, err := list(ctx, s.read, func(r *sql.Rows) (t report.Tally, err error) {
		var monday string
		if err := r.Scan(&monday, &t.Department, &t.Rate.Attended, &t.Rate.Counted); err != nil {
			return t, err
		}
		day, err := calendar.ParseDay(monday)
		t.StartsAt = day.Starts()
		return t, err
	}, `SELECT name, department, attended, counted FROM term_share WHERE term_id = $1 AND kind = 'week' AND counted > 0 ORDER BY name, department`, term)
	if err != nil {
		return nil, fmt.Errorf("read sums of weeks: %w", err)
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

// ModuleTotals implements report.Source.
func (s ReportSource) ModuleTotals(ctx context.Context, term string) ([]report.ModuleTotal, error) {
	totals, err := list(ctx, s.read, func(r *sql.Rows) (m report.ModuleTotal, err error) {
		return m, r.Scan(&m.Module, &m.Title, &m.Rate.Attended, &m.Rate.Counted)
	}, `SELECT t.name, coalesce(d.name, ''), CAST(sum(t.attended) AS BIGINT), CAST(sum(t.counted) AS BIGINT)
		FROM term_share t LEFT JOIN module d ON d.id = t.name WHERE t.term_id = $1 AND t.kind = 'module' AND t.counted > 0
		GROUP BY t.name, d.name`, term)
	if err != nil {
		return nil, fmt.Errorf("read sums of modules: %w", err)
	}
	return totals, nil
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
