package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// maxAhead is how many records of one stream may be stored ahead of what is missing: some hours of a busy building. Beyond
// that something keeps the stream from being completed, and people must look.
const maxAhead = 50_000

// Ahead implements ingest.Tx.
func (t streamTx) Ahead(ctx context.Context, id contract.Stream, first, last uint64) (map[uint64][]byte, error) {
	held := map[uint64][]byte{}
	err := each(ctx, t.tx, func(r *sql.Rows) error {
		var seq int64
		var octets []byte
		err := r.Scan(&seq, &octets)
		held[uint64(seq)] = octets
		return err
	}, `SELECT seq, octets FROM record_ahead WHERE stream_id = $1 AND seq BETWEEN $2 AND $3`, id[:], int64(first), int64(last))
	if err != nil {
		return nil, fmt.Errorf("read records sent ahead: %w", err)
	}
	return held, nil
}

// AppendAhead implements ingest.Tx.
func (t streamTx) AppendAhead(ctx context.Context, stream ingest.Stream, a ingest.Ahead) error {
	var stored int
	err := t.tx.QueryRowContext(ctx, `SELECT count(*) FROM record_ahead WHERE stream_id = $1`, stream.ID[:]).Scan(&stored)
	if err != nil {
		return fmt.Errorf("count records sent ahead: %w", err)
	}
	if stored+len(a.Records) > maxAhead {
		return fmt.Errorf("%w: stream %s, %d are here beyond record %d", ingest.ErrAhead, stream.ID, stored, stream.Through)
	}
	if err := t.save(ctx, stream); err != nil {
		return err
	}
	err = putEach(ctx, t.tx, "records sent ahead", `INSERT INTO record_ahead (stream_id, seq, received_at, octets) VALUES ($1, $2, $3, $4)`,
		a.Records, func(r ingest.AheadRecord) []any {
			return []any{a.Stream[:], int64(r.Seq), milliseconds(a.ReceivedAt), r.Octets}
		})
	if err != nil {
		return err
	}
	return t.appendTaps(ctx, a.Delivery)
}

// takeBack removes what was sent ahead of a delivery that now stores the same in its place.
func (t streamTx) takeBack(ctx context.Context, d ingest.Delivery) error {
	for _, table := range []string{"record_ahead", "tap", "tap_time"} {
		_, err := t.tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE stream_id = $1 AND seq BETWEEN $2 AND $3`,
			d.Stream[:], int64(d.First), int64(d.First)+int64(len(d.Octets))-1)
		if err != nil {
			return fmt.Errorf("take back what was sent ahead: %w", err)
		}
	}
	return nil
}
