package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
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

// leftStanding joins a student s with the standing of a term, whose parameter follows.
const leftStanding = ` LEFT JOIN standing t ON t.student_id = s.id AND t.term_id = `

func scanStudent(r scanner) (s report.StudentRow, err error) {
	var tenth, seen, judged sql.NullInt64
	t := &s.Standing
	err = r.Scan(&s.ID, &s.Name, &s.Email, &s.Department, &s.Programme, &s.Study, &s.Visa,
		&t.Rate.Attended, &t.Rate.Counted, &t.Missed, &t.Met, &t.Excused, &t.Pending, &t.Level, &tenth, &seen, &t.Deadline, &judged)
	t.TenthAt, t.SeenAt, t.JudgedAt = pointer(tenth), pointer(seen), pointer(judged)
	return s, err
}

// choice is the WHERE clause of a filter under construction.
type choice struct {
	terms []string
	args  []any
}

// arg adds an argument, and gives the word for it.
func (c *choice) arg(arg any) string {
	c.args = append(c.args, arg)
	return "$" + strconv.Itoa(len(c.args))
}

// and adds a condition in which each ? stands for the argument.
func (c *choice) and(condition string, arg any) {
	c.terms = append(c.terms, strings.ReplaceAll(condition, "?", c.arg(arg)))
}

// students is a filter as conditions on a student s, and on the student's standing t, with arguments in common.
type students struct {
	choice   // of the student
	standing []string
	judged   bool // the conditions on the standing leave out students who have none
}

// ofStanding adds a condition on the standing, and tells whether it leaves out students who have none.
func (c *students) ofStanding(condition string, arg any, judged bool) {
	c.standing = append(c.standing, strings.ReplaceAll(condition, "?", c.arg(arg)))
	c.judged = c.judged || judged
}

func choose(f report.Filter) *students {
	c := &students{}
	if f.Search != "" {
		pattern := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Search) + "%"
		c.and(`(lower(s.name) LIKE '%' || lower(?) ESCAPE '\' OR lower(s.id) LIKE lower(?) ESCAPE '\')`, pattern)
	}
	if f.Department != "" {
		c.and(`s.department = ?`, f.Department)
	}
	if f.Visa {
		c.and(`s.visa = ?`, true)
	}
	if f.Level != nil {
		c.ofStanding(worst(f)+` = ?`, int64(*f.Level), *f.Level > report.Good)
	}
	if f.Below > 0 {
		c.ofStanding(`100 * t.attended < ? * t.counted`, f.Below, true)
	}
	if f.MissedFrom > 0 {
		c.ofStanding(`t.missed >= ?`, f.MissedFrom, true)
	}
	if f.Due {
		c.ofStanding(`t.deadline <> ?`, "", true)
	}
	if f.Pending {
		c.ofStanding(`t.pending > ?`, 0, true)
	}
	return c
}

// all is a WHERE clause of conditions.
func all(conditions ...[]string) string {
	return ` WHERE ` + strings.Join(append(slices.Concat(conditions...), "true"), " AND ")
}

// query asks for the chosen students in two parts: those with a standing in the term, by its indexes alone, and those without, of whom
// there are mostly none. A LEFT JOIN would have SQLite read the whole row of everybody's standing. No standing is without its student.
func (c *students) query(term, columns, without string) string {
	query := `SELECT ` + columns + ` FROM standing t JOIN student s ON s.id = t.student_id` + all([]string{`t.term_id = ` + term}, c.terms, c.standing)
	if c.judged {
		return query
	}
	return query + ` UNION ALL SELECT ` + without + ` FROM student s` + all([]string{
		`(SELECT count(*) FROM student) > (SELECT count(*) FROM standing WHERE term_id = ` + term + `)`,
		`s.id NOT IN (SELECT student_id FROM standing WHERE term_id = ` + term + `)`,
	}, c.terms)
}

// worst is the level as its reader may know it.
func worst(f report.Filter) string {
	if f.Sponsorship {
		return `t.level`
	}
	return `CASE WHEN t.level > 3 THEN 3 ELSE t.level END`
}

// ranking is how a list is sorted: the keys of students with a standing, those of students without, who come as if they had missed
// nothing, and the order of both.
type ranking struct{ keys, without, by string }

// rank gives the only texts that reach ORDER BY. The index standing_urgent has the first page of the most urgent.
func rank(f report.Filter) ranking {
	switch f.Order {
	case report.ByAttendance:
		return ranking{`t.permille AS k1`, `1000`, `k1, number`}
	case report.ByAttDesc:
		return ranking{`t.permille AS k1`, `1000`, `k1 DESC, number`}
	case report.ByName:
		return ranking{`s.name AS k1`, `s.name`, `k1, number`}
	case report.ByNameDesc:
		return ranking{`s.name AS k1`, `s.name`, `k1 DESC, number`}
	case report.ByMissed:
		return ranking{`t.missed AS k1`, `0`, `k1, number`}
	case report.ByMissedDesc:
		return ranking{`t.missed AS k1`, `0`, `k1 DESC, number`}
	case report.ByNumber:
		return ranking{`t.student_id AS k1`, `s.id`, `k1, number`}
	}
	return ranking{worst(f) + ` AS k1, t.permille AS k2, t.missed AS k3`, `0, 1000, 0`, `k1 DESC, k2, k3 DESC, number`}
}

// CountStudents implements report.Source.
func (s ReportSource) CountStudents(ctx context.Context, term string, f report.Filter) (n int, err error) {
	c := choose(f)
	query := `SELECT count(*) FROM student s` + all(c.terms)
	if len(c.standing) > 0 {
		query = `SELECT count(*) FROM (` + c.query(c.arg(term), `t.student_id`, `s.id`) + `) AS chosen`
	}
	if err = s.read.QueryRowContext(ctx, query, c.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count students: %w", err)
	}
	return n, nil
}

// Students implements report.Source: it puts everybody in order by keys, and reads the rows of a page only.
func (s ReportSource) Students(ctx context.Context, term string, f report.Filter) ([]report.StudentRow, error) {
	c := choose(f)
	if f.After != "" {
		c.and(`s.id > ?`, f.After)
	}
	term, in := c.arg(term), rank(f)
	page := c.query(term, `t.student_id AS number, `+in.keys, `s.id, `+in.without)
	if f.Limit > 0 {
		page += ` ORDER BY ` + in.by + ` LIMIT ` + c.arg(f.Limit) + ` OFFSET ` + c.arg(f.Offset)
	}
	rows, err := list(ctx, s.read, func(r *sql.Rows) (report.StudentRow, error) { return scanStudent(r) },
		`SELECT `+studentColumns+` FROM (`+page+`) AS p JOIN student s ON s.id = p.number`+leftStanding+term+` ORDER BY `+in.by, c.args...)
	if err != nil {
		return nil, fmt.Errorf("list students: %w", err)
	}
	return rows, nil
}
