package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// Receive implements ingest.Store.
func (s *Store) Receive(ctx context.Context, f func(ingest.Tx) error) error {
	err := s.transact(ctx, func(tx *transaction) error { return f(streamTx{tx}) })
	if s.dialect.busy(err) || errors.Is(err, ErrMoved) {
		return fmt.Errorf("%w: %w", ingest.ErrBusy, err)
	}
	return err
}

// streamTx implements ingest.Tx.
type streamTx struct{ tx *transaction }

// Stream implements ingest.Tx.
func (t streamTx) Stream(ctx context.Context, id contract.Stream) (ingest.Stream, error) {
	stream := ingest.Stream{ID: id}
	var heard int64
	var times string
	err := t.tx.QueryRowContext(ctx, `SELECT gateway_id, through, ahead, heard_at, quarantined, times FROM stream WHERE id = $1`, id[:]).
		Scan(&stream.Owner, &stream.Through, &stream.Ahead, &heard, &stream.Quarantined, &times)
	if errors.Is(err, sql.ErrNoRows) {
		return stream, nil
	}
	if err != nil {
		return stream, fmt.Errorf("read stream: %w", err)
	}
	stream.HeardAt = instant(heard)
	return stream, readTimes(&stream, times)
}

// Octets implements ingest.Tx.
func (t streamTx) Octets(ctx context.Context, id contract.Stream, first uint64, n int) ([][]byte, error) {
	out, err := list(ctx, t.tx, func(r *sql.Rows) (b []byte, err error) { return b, r.Scan(&b) },
		`SELECT octets FROM record WHERE stream_id = $1 AND seq >= $2 AND seq < $3 ORDER BY seq`, id[:], int64(first), int64(first)+int64(n))
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	return out, nil
}

// Append implements ingest.Tx.
func (t streamTx) Append(ctx context.Context, stream ingest.Stream, d ingest.Delivery) error {
	if err := t.save(ctx, stream); err != nil {
		return err
	}
	if d.Met {
		if err := t.takeBack(ctx, d); err != nil {
			return err
		}
	}
	if err := t.appendRecords(ctx, d); err != nil {
		return err
	}
	if err := t.appendAnchors(ctx, d); err != nil {
		return err
	}
	if err := t.appendTaps(ctx, d); err != nil {
		return err
	}
	if err := t.heard(ctx, d); err != nil {
		return err
	}
	return t.ended(ctx, d)
}

// heard takes in what a delivery's heartbeats vouch for.
func (t streamTx) heard(ctx context.Context, d ingest.Delivery) error {
	for _, c := range d.Coverage {
		if err := t.cover(ctx, d, c); err != nil {
			return err
		}
	}
	for _, w := range d.Watermarks {
		if err := t.advance(ctx, d, w); err != nil {
			return err
		}
	}
	if err := t.noteHeard(ctx, d); err != nil {
		return err
	}
	return t.deafen(ctx, d)
}

// noteHeard says of which points a delivery tells.
func (t streamTx) noteHeard(ctx context.Context, d ingest.Delivery) error {
	points := map[string]bool{}
	for _, c := range d.Coverage {
		points[c.Point] = true
	}
	for _, w := range d.Watermarks {
		points[w.Point] = true
	}
	return noteChanged(ctx, t.tx, points)
}

// save notes how far a stream is here, and that it exists at least so far.
func (t streamTx) save(ctx context.Context, stream ingest.Stream) error {
	times, err := writeTimes(stream)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `INSERT INTO stream (id, gateway_id, through, durable, ahead, heard_at, quarantined, times) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET through = excluded.through, durable = CASE WHEN excluded.durable > stream.durable THEN excluded.durable ELSE stream.durable END,
			ahead = excluded.ahead, heard_at = excluded.heard_at, quarantined = excluded.quarantined, times = excluded.times`,
		stream.ID[:], stream.Owner, int64(stream.Through), int64(max(stream.Through, stream.Ahead)), int64(stream.Ahead), milliseconds(stream.HeardAt), stream.Quarantined, times)
	if err != nil {
		return fmt.Errorf("save stream: %w", err)
	}
	return nil
}
