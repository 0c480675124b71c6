package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// unsigned finds a stream that is complete here up to a record that its gateway has not signed, and signs nothing beyond it; $2
// bounds when that record came.
const unsigned = `SELECT s.gateway_id, s.through, t.frontier, a.note FROM stream s JOIN record r ON r.stream_id = s.id AND r.seq = s.through
	LEFT JOIN tree t ON t.stream_id = s.id LEFT JOIN attested a ON a.stream_id = s.id AND a.size = s.through
	WHERE s.id = $1 AND s.quarantined = '' AND s.through = s.durable AND s.ahead = 0 AND r.received_at <= $2
		AND s.through > coalesce(t.sealed, 0) AND coalesce(length(t.claim), 0) = 0`

// UnsignedEnd implements fleet.Store.
func (s *Store) UnsignedEnd(ctx context.Context, stream contract.Stream, since time.Time) (end tree.Checkpoint, note []byte, err error) {
	err = s.view(ctx, func(tx *transaction) error {
		var gateway string
		var through int64
		var grown []byte
		err := tx.QueryRowContext(ctx, unsigned, stream[:], milliseconds(since)).Scan(&gateway, &through, &grown, &note)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if note != nil {
			end, err = tree.Read(note)
			return err
		}
		var f tree.Frontier
		if grown != nil {
			if err := f.UnmarshalBinary(grown); err != nil {
				return err
			}
		}
		leaves, err := streamTx{tx}.Commitments(ctx, stream, f.Size()+1, uint64(through))
		for _, c := range leaves {
			f.Append(c)
		}
		end = f.At(gateway, stream)
		return err
	})
	if err != nil {
		return tree.Checkpoint{}, nil, fmt.Errorf("read end of stream %s: %w", stream, err)
	}
	return end, note, nil
}

// Attested implements fleet.Store.
func (s *Store) Attested(ctx context.Context, end tree.Checkpoint, note []byte) error {
	return s.transact(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO attested (stream_id, size, note, peers) VALUES ($1, $2, $3, 0)
			ON CONFLICT (stream_id) DO UPDATE SET size = excluded.size, note = excluded.note, peers = 0 WHERE attested.size < excluded.size`,
			end.Stream[:], int64(end.Size), note)
		if err != nil {
			return fmt.Errorf("keep attested end: %w", err)
		}
		return nil
	})
}
