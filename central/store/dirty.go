package store

import (
	"context"
	"fmt"
	"time"
)

// upsertDirty makes students dirty. The column since grows with every new fact, even within one millisecond, so that a judge
// who clears what it read cannot clear a fact that came meanwhile.
const upsertDirty = `INSERT INTO dirty (student_id, since) SELECT DISTINCT student_id, CAST($1 AS BIGINT) FROM (%s) AS touched WHERE true
	ON CONFLICT (student_id) DO UPDATE SET since = CASE WHEN excluded.since > dirty.since THEN excluded.since ELSE dirty.since + 1 END`

// markDirty asks for these students to be judged again, in the transaction that stores the reason.
func markDirty(ctx context.Context, tx *transaction, now time.Time, students []string) error {
	if len(students) == 0 {
		return nil
	}
	ids, err := keys(students)
	if err != nil {
		return err
	}
	return markDirtyWhere(ctx, tx, now, `SELECT id AS student_id FROM ({{keys $2}}) AS k`, ids)
}

// markDirtyWhere does the same for the column student_id of a query, whose parameters begin at $2.
func markDirtyWhere(ctx context.Context, tx *transaction, now time.Time, query string, args ...any) error {
	args = append([]any{milliseconds(now)}, args...)
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(upsertDirty, query), args...); err != nil {
		return fmt.Errorf("mark students dirty: %w", err)
	}
	return nil
}
