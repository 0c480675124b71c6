package store

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// Tree implements ingest.Tx.
func (t streamTx) Tree(ctx context.Context, id contract.Stream) (ingest.Tree, error) {
	grown := ingest.Tree{Stream: id}
	var frontier []byte
	var sealed int64
	err := t.tx.QueryRowContext(ctx, `SELECT frontier, sealed, claim FROM tree WHERE stream_id = $1`, id[:]).Scan(&frontier, &sealed, &grown.Claim)
	if errors.Is(err, sql.ErrNoRows) {
		return grown, nil
	}
	if err == nil {
		grown.Sealed = uint64(sealed)
		err = grown.Frontier.UnmarshalBinary(frontier)
	}
	if err != nil {
		return grown, fmt.Errorf("read tree of stream %s: %w", id, err)
	}
	return grown, nil
}

// Commitments implements ingest.Tx.
func (t streamTx) Commitments(ctx context.Context, id contract.Stream, first, last uint64) ([]tree.Commitment, error) {
	out := make([]tree.Commitment, 0, last-first+1)
	next := first
	err := each(ctx, t.tx, func(r *sql.Rows) error {
		var seq int64
		var octets, kept []byte
		if err := r.Scan(&seq, &octets, &kept); err != nil {
			return err
		}
		if uint64(seq) != next {
			return fmt.Errorf("%w: record %s is not stored", ingest.ErrRoot, contract.TapID{Stream: id, Seq: next})
		}
		next++
		c, err := commitmentOf(octets, kept)
		out = append(out, c)
		return err
	}, `SELECT seq, octets, CASE WHEN length(octets) = 0 THEN commitment END FROM record WHERE stream_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq`, id[:], int64(first), int64(last))
	if err == nil && next <= last {
		err = fmt.Errorf("%w: record %s is not stored", ingest.ErrRoot, contract.TapID{Stream: id, Seq: next})
	}
	if err != nil {
		return nil, fmt.Errorf("read commitments: %w", err)
	}
	return out, nil
}

// commitmentOf makes the commitment of a stored record from its octets. Of one that was erased it is all that was kept.
func commitmentOf(octets, kept []byte) (c tree.Commitment, err error) {
	if len(octets) > 0 {
		return tree.Commit(octets)
	}
	if len(kept) != len(c) {
		return c, fmt.Errorf("%w: it was erased without its commitment", ingest.ErrRoot)
	}
	return tree.Commitment(kept), nil
}

// SaveTree implements ingest.Tx.
func (t streamTx) SaveTree(ctx context.Context, grown ingest.Tree, s *ingest.Seal) error {
	frontier, err := grown.Frontier.MarshalBinary()
	if err != nil {
		return err
	}
	claim := grown.Claim
	if claim == nil {
		claim = []byte{}
	}
	_, err = t.tx.ExecContext(ctx, `INSERT INTO tree (stream_id, frontier, sealed, claim) VALUES ($1, $2, $3, $4)
		ON CONFLICT (stream_id) DO UPDATE SET frontier = excluded.frontier, sealed = excluded.sealed, claim = excluded.claim`,
		grown.Stream[:], frontier, int64(grown.Sealed), claim)
	if err != nil {
		return fmt.Errorf("save tree: %w", err)
	}
	if s == nil {
		return nil
	}
	_, err = t.tx.ExecContext(ctx, `INSERT INTO seal (stream_id, day, size, note, signer, sealed_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (stream_id, day) DO UPDATE SET size = excluded.size, note = excluded.note, signer = excluded.signer, sealed_at = excluded.sealed_at`,
		s.Stream[:], calendar.DayOf(s.At).String(), int64(s.Size), s.Note, []byte(s.Signer), milliseconds(s.At))
	if err != nil {
		return fmt.Errorf("save seal: %w", err)
	}
	return nil
}

// CheckpointKey implements ingest.Tx.
func (t streamTx) CheckpointKey(ctx context.Context, gateway string) (ed25519.PublicKey, error) {
	return checkpointKey(ctx, t.tx, gateway)
}
