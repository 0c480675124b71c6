//go:build mutant_seq_reuse

package journal

import (
	"fmt"
	"io"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// begin is planted: a journal that begins anew gives its numbers once more under its old name.
func (j *Journal) begin(l *Log) (contract.Stream, error) {
	stream := j.stream
	if stream.IsZero() {
		if _, err := io.ReadFull(j.o.Rand, stream[:]); err != nil {
			return stream, fmt.Errorf("draw stream: %w", err)
		}
	}
	return stream, l.Set(streamKey, stream[:])
}
