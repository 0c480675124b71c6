package store

import (
	"context"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/judge"
)

// saveStandings writes the student's figures anew: one row a term, and none for terms nothing is expected in any more.
func saveStandings(ctx context.Context, tx *transaction, v judge.Verdict) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM standing WHERE student_id = $1`, v.Student); err != nil {
		return fmt.Errorf("replace standings: %w", err)
	}
	for _, s := range v.Standings {
		_, err := tx.ExecContext(ctx, `INSERT INTO standing
			(student_id, term_id, attended, counted, missed, pending, permille, level, tenth_at, seen_at, deadline, judged_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			v.Student, s.Term, s.Attended, s.Counted, s.Missed, s.Pending, s.Permille(), int(s.Level), optional(s.TenthAt),
			optional(s.SeenAt), s.Deadline, milliseconds(v.JudgedAt))
		if err != nil {
			return fmt.Errorf("save standing of term %s: %w", s.Term, err)
		}
	}
	return nil
}
