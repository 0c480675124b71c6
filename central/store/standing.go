package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/judge"
)

// saveStandings writes figures that changed anew, of all terms: one row a term, and none for terms nothing is expected in any more.
func saveStandings(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	verdicts = slices.DeleteFunc(slices.Clone(verdicts), func(v judge.Verdict) bool { return !v.Recounted })
	err := putEach(ctx, tx, "standings", `DELETE FROM standing WHERE student_id = $1`, verdicts, func(v judge.Verdict) []any { return []any{v.Student} })
	if err != nil {
		return err
	}
	standings := parts(verdicts, func(v *judge.Verdict) []judge.Standing { return v.Standings })
	return putEach(ctx, tx, "standings", `INSERT INTO standing
		(student_id, term_id, attended, counted, missed, met, excused, pending, permille, level, tenth_at, seen_at, deadline, judged_at, weeks, modules, department)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`, standings, func(p part[judge.Standing]) []any {
		s := p.is
		return []any{
			p.of.Student, s.Term, s.Attended, s.Counted, s.Missed, s.Met, s.Excused, s.Pending, s.Permille(), int(s.Level), optional(s.TenthAt),
			optional(s.SeenAt), s.Deadline, milliseconds(p.of.JudgedAt), encodeShares(s.Weeks), encodeShares(s.Modules), s.Department,
		}
	})
}

// standings reads the student's figures as they were stored, as far as they are compared.
func (l *loader) standings(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var student string
		var tenth, seen sql.NullInt64
		var weeks, modules string
		var s judge.Standing
		if err := r.Scan(&student, &s.Term, &s.Attended, &s.Counted, &s.Missed, &s.Met, &s.Excused, &s.Pending, &s.Level, &tenth, &seen, &s.Deadline, &weeks, &modules, &s.Department); err != nil {
			return err
		}
		s.TenthAt, s.SeenAt = optionalInstant(tenth), optionalInstant(seen)
		if err := decodeShares(weeks, func(p judge.Share) { s.Weeks = append(s.Weeks, p) }); err != nil {
			return fmt.Errorf("weeks of student %s: %w", student, err)
		}
		if err := decodeShares(modules, func(p judge.Share) { s.Modules = append(s.Modules, p) }); err != nil {
			return fmt.Errorf("modules of student %s: %w", student, err)
		}
		c := l.cases[student]
		c.Standings = append(c.Standings, s)
		return nil
	}, `SELECT student_id, term_id, attended, counted, missed, met, excused, pending, level, tenth_at, seen_at, deadline, weeks, modules, department FROM standing
		WHERE student_id IN ({{keys $1}}) ORDER BY student_id, term_id`, l.ids)
}
