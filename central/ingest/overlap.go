//go:build !mutant_no_dedup

package ingest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// overlap counts the records of d that are stored already and checks that they are the same.
func overlap(ctx context.Context, tx Tx, stream Stream, d Delivery) (int, error) {
	switch {
	case stream.Quarantined != "":
		return 0, fmt.Errorf("%w: %s", ErrFork, stream.Quarantined)
	case d.First > stream.Through+1:
		return 0, &GapError{Stream: d.Stream, Owner: stream.Owner, First: d.First, Expected: stream.Through + 1}
	case d.First == stream.Through+1:
		return 0, nil
	}
	n := min(len(d.Octets), int(min(stream.Through-d.First+1, contract.MaxBatchRecords)))
	stored, err := tx.Octets(ctx, d.Stream, d.First, n)
	if err != nil {
		return 0, err
	}
	if len(stored) != n {
		return 0, fmt.Errorf("stream %s: %d of %d records from %d are stored, although the stream is through %d",
			d.Stream, len(stored), n, d.First, stream.Through)
	}
	for k := range stored {
		same := bytes.Equal(stored[k], d.Octets[k])
		if len(stored[k]) == 0 {
			if same, err = wasErased(ctx, tx, d, d.First+uint64(k), d.Octets[k]); err != nil {
				return 0, err
			}
		}
		if !same {
			return 0, fmt.Errorf("%w: record %s of gateway %s is stored with other content", ErrFork, contract.TapID{Stream: d.Stream, Seq: d.First + uint64(k)}, stream.Owner)
		}
	}
	return n, nil
}

// wasErased reports whether octets are those of a record of which what it committed to is left.
func wasErased(ctx context.Context, tx Tx, d Delivery, seq uint64, octets []byte) (bool, error) {
	kept, err := tx.Commitments(ctx, d.Stream, seq, seq)
	if err != nil {
		return false, err
	}
	c, err := tree.Commit(octets)
	return err == nil && c == kept[0], nil
}
