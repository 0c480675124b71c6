package forward

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Export writes the remains of a stream as the batches that a gateway would send, one JSON document a line, in order. Central
// takes such a file in as it takes batches. It answers how many records were written.
func Export(w io.Writer, stream contract.Stream, remains Remains) (n int, err error) {
	out := json.NewEncoder(w)
	for next, ok := remains.From(0); ok; {
		b, err := batch(remains.Read, stream, next, contract.MaxBatchRecords)
		if err != nil {
			return n, fmt.Errorf("export stream: %w", err)
		}
		if err := out.Encode(b); err != nil {
			return n, fmt.Errorf("export stream: %w", err)
		}
		n += len(b.Records)
		next, ok = remains.From(next + uint64(len(b.Records)))
	}
	return n, nil
}
