package store

import (
	"context"
	"time"

	"github.com/rollcall-edge/rollcall/central/judge"
)

// saveWakes keeps when students have to be judged again. One whose reason has gone meanwhile is judged once more than needed.
func saveWakes(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	var waking []judge.Verdict
	for _, v := range verdicts {
		if !v.WakeAt.IsZero() {
			waking = append(waking, v)
		}
	}
	return putEach(ctx, tx, "when to judge again", `INSERT INTO wake (student_id, at) VALUES ($1, $2)
		ON CONFLICT (student_id) DO UPDATE SET at = excluded.at`, waking,
		func(v judge.Verdict) []any { return []any{v.Student, milliseconds(v.WakeAt)} })
}

// TouchWaking makes dirty the students who are to be judged again by now.
func (j Judgements) TouchWaking(ctx context.Context, now time.Time) error {
	var due bool
	err := j.s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM wake WHERE at <= $1)`, milliseconds(now)).Scan(&due)
	if err != nil || !due {
		return err // mostly nobody is, and then nobody waits for a turn to write
	}
	return j.s.transact(ctx, func(tx *transaction) error {
		if err := markDirtyWhere(ctx, tx, now, `SELECT student_id FROM wake WHERE at <= $2`, milliseconds(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM wake WHERE at <= $1`, milliseconds(now))
		return err
	})
}
