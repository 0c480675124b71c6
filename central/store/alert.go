package store

import (
	"context"
	"time"
)

// TouchAlerts makes dirty the students with absences whose last session, or whose absence's becoming known, is a time to settle
// before a moment in (after, until]. No more than the last day is looked back on: what is older, the judging of the day
// has met.
func (j Judgements) TouchAlerts(ctx context.Context, settle time.Duration, after, until time.Time) error {
	if yesterday := until.AddDate(0, 0, -1); after.Before(yesterday) {
		after = yesterday
	}
	query := `SELECT e.student_id FROM session s JOIN expected e ON e.session_id = s.id
		WHERE s.starts_at > CAST($2 AS BIGINT) - 86400000 AND s.ends_at > $2 AND s.ends_at <= $3
		AND e.student_id IN (SELECT student_id FROM mark WHERE code = 'A' AND known_at > CAST($2 AS BIGINT) - 86400000)
		UNION SELECT student_id FROM mark WHERE code = 'A' AND known_at > $2 AND known_at <= $3`
	args := []any{milliseconds(after.Add(-settle)), milliseconds(until.Add(-settle))}
	var due bool
	if err := j.s.read.QueryRowContext(ctx, `SELECT CAST($1 AS BIGINT) > 0 AND EXISTS (`+query+`)`, append([]any{milliseconds(until)}, args...)...).Scan(&due); err != nil || !due {
		return err // nearly always nobody is, and then nobody has to wait for a turn to write
	}
	return j.s.transact(ctx, func(tx *transaction) error { return markDirtyWhere(ctx, tx, until, query, args...) })
}
