package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// upsertDirty makes students dirty. The column since grows with every new fact, even within one millisecond, so that a judge
// who clears what it read cannot clear a fact that came meanwhile.
const upsertDirty = `INSERT INTO dirty (student_id, since) SELECT DISTINCT student_id, $1 FROM (%s) WHERE true
	ON CONFLICT (student_id) DO UPDATE SET since = CASE WHEN excluded.since > dirty.since THEN excluded.since ELSE dirty.since + 1 END`

// markDirty asks for these students to be judged again, in the transaction that stores the reason.
func markDirty(ctx context.Context, tx *sql.Tx, now time.Time, students []string) error {
	if len(students) == 0 {
		return nil
	}
	ids, err := json.Marshal(students)
	if err != nil {
		return fmt.Errorf("mark students dirty: %w", err)
	}
	return markDirtyWhere(ctx, tx, now, "SELECT value AS student_id FROM json_each($2)", string(ids))
}

// markDirtyWhere does the same for the column student_id of a query, whose parameters begin at $2.
func markDirtyWhere(ctx context.Context, tx *sql.Tx, now time.Time, query string, args ...any) error {
	args = append([]any{milliseconds(now)}, args...)
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(upsertDirty, query), args...); err != nil {
		return fmt.Errorf("mark students dirty: %w", err)
	}
	return nil
}
