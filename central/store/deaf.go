package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/ingest"
)

// deafen stores that points did not hear, each time as one row with all that touches it, as coverage is.
func (t streamTx) deafen(ctx context.Context, d ingest.Delivery) error {
	for _, x := range d.DeafFrom(d.First) {
		joined := span{milliseconds(x.Since), milliseconds(x.Until)}
		touching, err := list(ctx, t.tx, func(r *sql.Rows) (s span, err error) { return s, r.Scan(&s.since, &s.until) },
			`DELETE FROM deaf WHERE point_id = $1 AND why = $2 AND stream_id = $3 AND until >= $4 AND since <= $5 RETURNING since, until`,
			x.Point, x.Why, d.Stream[:], joined.since, joined.until)
		if err != nil {
			return fmt.Errorf("join times of silence: %w", err)
		}
		for _, s := range touching {
			joined = span{min(joined.since, s.since), max(joined.until, s.until)}
		}
		if _, err := t.tx.ExecContext(ctx, `INSERT INTO deaf (point_id, until, why, since, stream_id) VALUES ($1, $2, $3, $4, $5)`,
			x.Point, joined.until, x.Why, joined.since, d.Stream[:]); err != nil {
			return fmt.Errorf("store time of silence: %w", err)
		}
	}
	return nil
}
