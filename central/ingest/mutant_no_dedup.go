//go:build mutant_no_dedup

package ingest

import (
	"context"
	"fmt"
)

// overlap is planted: whatever comes is new.
func overlap(_ context.Context, _ Tx, stream Stream, d Delivery) (int, error) {
	switch {
	case stream.Quarantined != "":
		return 0, fmt.Errorf("%w: %s", ErrFork, stream.Quarantined)
	case d.First > stream.Through+1:
		return 0, &GapError{Stream: d.Stream, First: d.First, Expected: stream.Through + 1}
	}
	return 0, nil
}
