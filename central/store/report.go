package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/rollcall-edge/rollcall/central/report"
)

// ReportSource reads what reports are made of. It implements report.Source.
type ReportSource struct{ read *pool }

var _ report.Source = ReportSource{}

// ReportSource returns the reading side for reports.
func (s *Store) ReportSource() ReportSource { return ReportSource{s.read} }

// Terms implements report.Source.
func (s ReportSource) Terms(ctx context.Context) ([]report.Term, error) {
	terms, err := list(ctx, s.read, func(r *sql.Rows) (t report.Term, err error) {
		return t, r.Scan(&t.ID, &t.Name, &t.FirstDay, &t.LastDay)
	}, `SELECT id, name, first_day, last_day FROM term ORDER BY first_day, id`)
	if err != nil {
		return nil, fmt.Errorf("list terms: %w", err)
	}
	return terms, nil
}

// Totals implements report.Source.
func (s ReportSource) Totals(ctx context.Context, term string) (t report.Totals, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM student), coalesce(sum(t.attended), 0), coalesce(sum(t.counted), 0),
			count(*) FILTER (WHERE 100 * t.attended < 90 * t.counted),
			count(*) FILTER (WHERE 100 * t.attended < 85 * t.counted),
			count(*) FILTER (WHERE 100 * t.attended < 80 * t.counted),
			count(*) FILTER (WHERE t.missed >= 10),
			(SELECT count(*) FROM standing m JOIN student s ON s.id = m.student_id WHERE m.term_id = $1 AND m.missed >= 10 AND s.visa),
			count(*) FILTER (WHERE t.deadline <> ''),
			coalesce(min(t.deadline) FILTER (WHERE t.deadline <> ''), ''),
			coalesce(sum(t.pending), 0),
			count(*) FILTER (WHERE t.pending > 0)
		FROM standing t WHERE t.term_id = $1`, term).
		Scan(&t.Students, &t.Rate.Attended, &t.Rate.Counted, &t.Below90, &t.Below85, &t.Below80, &t.TenMissed, &t.TenVisa,
			&t.Due, &t.FirstDue, &t.Pending, &t.PendingFor)
	if err != nil {
		return t, fmt.Errorf("sum standings: %w", err)
	}
	return t, nil
}

// Departments implements report.Source.
func (s ReportSource) Departments(ctx context.Context) ([]string, error) {
	names, err := list(ctx, s.read, func(r *sql.Rows) (name string, err error) { return name, r.Scan(&name) },
		`SELECT DISTINCT department FROM student WHERE department <> '' ORDER BY department`)
	if err != nil {
		return nil, fmt.Errorf("list departments: %w", err)
	}
	return names, nil
}

const studentColumns = `s.id, s.name, s.email, s.department, s.programme, s.level, s.visa,
	coalesce(t.attended, 0), coalesce(t.counted, 0), coalesce(t.missed, 0), coalesce(t.met, 0), coalesce(t.excused, 0), coalesce(t.pending, 0), coalesce(t.level, 0),
	t.tenth_at, t.seen_at, coalesce(t.deadline, ''), t.judged_at`

// fromStudents joins each student with the standing of the term $1.
const fromStudents = ` FROM student s LEFT JOIN standing t ON t.student_id = s.id AND t.term_id = $1 `

func scanStudent(r scanner) (s report.StudentRow, err error) {
	var tenth, seen, judged sql.NullInt64
	t := &s.Standing
	err = r.Scan(&s.ID, &s.Name, &s.Email, &s.Department, &s.Programme, &s.Study, &s.Visa,
		&t.Rate.Attended, &t.Rate.Counted, &t.Missed, &t.Met, &t.Excused, &t.Pending, &t.Level, &tenth, &seen, &t.Deadline, &judged)
	t.TenthAt, t.SeenAt, t.JudgedAt = pointer(tenth), pointer(seen), pointer(judged)
	return s, err
}

// choice is the WHERE clause of a filter under construction; $1 is the term.
type choice struct {
	terms []string
	args  []any
}

// and adds a condition in which each ? stands for the argument.
func (c *choice) and(condition string, arg any) {
	c.args = append(c.args, arg)
	c.terms = append(c.terms, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(c.args))))
}

func choose(term string, f report.Filter) *choice {
	c := &choice{terms: []string{"true"}, args: []any{term}}
	if f.Search != "" {
		pattern := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Search) + "%"
		c.and(`(lower(s.name) LIKE '%' || lower(?) ESCAPE '\' OR lower(s.id) LIKE lower(?) ESCAPE '\')`, pattern)
	}
	if f.Department != "" {
		c.and(`s.department = ?`, f.Department)
	}
	if f.Level != nil {
		c.and(worst(f)+` = ?`, int64(*f.Level))
	}
	if f.Visa {
		c.and(`s.visa = ?`, true)
	}
	if f.Below > 0 {
		c.and(`100 * t.attended < ? * t.counted`, f.Below)
	}
	if f.MissedFrom > 0 {
		c.and(`t.missed >= ?`, f.MissedFrom)
	}
	if f.Due {
		c.and(`t.deadline <> ?`, "")
	}
	if f.Pending {
		c.and(`t.pending > ?`, 0)
	}
	return c
}

// worst is the level as its reader may know it.
func worst(f report.Filter) string {
	if f.Sponsorship {
		return `coalesce(t.level, 0)`
	}
	return `CASE WHEN t.level > 3 THEN 3 ELSE coalesce(t.level, 0) END`
}

// orders are the only texts that reach ORDER BY. Students of whom nothing was counted come as if they had missed nothing.
func order(f report.Filter) string {
	switch f.Order {
	case report.ByAttendance:
		return `coalesce(t.permille, 1000), s.id`
	case report.ByAttDesc:
		return `coalesce(t.permille, 1000) DESC, s.id`
	case report.ByName:
		return `s.name, s.id`
	case report.ByNameDesc:
		return `s.name DESC, s.id`
	case report.ByMissed:
		return `coalesce(t.missed, 0), s.id`
	case report.ByMissedDesc:
		return `coalesce(t.missed, 0) DESC, s.id`
	case report.ByNumber:
		return `s.id`
	}
	return worst(f) + ` DESC, coalesce(t.permille, 1000), coalesce(t.missed, 0) DESC, s.id`
}

// CountStudents implements report.Source.
func (s ReportSource) CountStudents(ctx context.Context, term string, f report.Filter) (n int, err error) {
	c := choose(term, f)
	err = s.read.QueryRowContext(ctx, `SELECT count(*)`+fromStudents+`WHERE `+strings.Join(c.terms, " AND "), c.args...).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count students: %w", err)
	}
	return n, nil
}

// Students implements report.Source.
func (s ReportSource) Students(ctx context.Context, term string, f report.Filter) ([]report.StudentRow, error) {
	c := choose(term, f)
	if f.After != "" {
		c.and(`s.id > ?`, f.After)
	}
	which := fromStudents + `WHERE ` + strings.Join(c.terms, " AND ")
	if f.Limit > 0 { // put everybody in order by an index, and read the rows of a page only
		c.args = append(c.args, f.Limit, f.Offset)
		page := fmt.Sprintf(`SELECT s.id`+which+` ORDER BY `+order(f)+` LIMIT $%d OFFSET $%d`, len(c.args)-1, len(c.args))
		which = fromStudents + `WHERE s.id IN (` + page + `)`
	}
	query := `SELECT ` + studentColumns + which + ` ORDER BY ` + order(f)
	students, err := list(ctx, s.read, func(r *sql.Rows) (report.StudentRow, error) { return scanStudent(r) }, query, c.args...)
	if err != nil {
		return nil, fmt.Errorf("list students: %w", err)
	}
	return students, nil
}
