//go:build !mutant_seq_reuse

package journal

import (
	"fmt"
	"io"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// begin draws the identity of a new stream and keeps it before the first record.
func (j *Journal) begin(l *Log) (contract.Stream, error) {
	var stream contract.Stream
	if _, err := io.ReadFull(j.o.Rand, stream[:]); err != nil {
		return stream, fmt.Errorf("draw stream: %w", err)
	}
	return stream, l.Set(streamKey, stream[:])
}
