//go:build !mutant_no_dedup

package ingest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
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
		if !bytes.Equal(stored[k], d.Octets[k]) {
			return 0, fmt.Errorf("%w: record %s of gateway %s is stored with other content", ErrFork, contract.TapID{Stream: d.Stream, Seq: d.First + uint64(k)}, stream.Owner)
		}
	}
	return n, nil
}
