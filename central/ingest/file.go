package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// maxLine bounds a line of an export: one batch in JSON.
const maxLine = contract.MaxBatchBytes

// ErrExport is a line of an export that cannot be taken in.
var ErrExport = errors.New("not an export of a gateway's journal")

// Imported is what came of an export.
type Imported struct {
	Stored, Known int
	Streams       []ImportedStream // as the file names them
}

// ImportedStream is how far central holds one stream after an import.
type ImportedStream struct {
	Stream  contract.Stream
	Through uint64 // complete up to here
	Ahead   uint64 // the greatest number beyond that is held, 0 if none; what lies between is missing in file and central
}

// Import takes in an export of a gateway's journal: one batch a line. Each record is kept once, whether it came before by
// the network, by a neighbour or by the same file. What lies behind a hole is sent ahead: it counts, and the stream stays
// incomplete. From is noted as the owner of a stream that central has never heard of.
//
// The first line that cannot be taken in ends the import with its number; what came before it is kept.
func (i *Intake) Import(ctx context.Context, from string, r io.Reader) (Imported, error) {
	var done Imported
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		receipt, err := i.importLine(ctx, from, lines.Bytes())
		if err != nil {
			return done, fmt.Errorf("line %d: %w", n, err)
		}
		done.add(receipt)
	}
	if err := lines.Err(); err != nil {
		return done, fmt.Errorf("%w: %w", ErrExport, err)
	}
	return done, nil
}

func (i *Intake) importLine(ctx context.Context, from string, line []byte) (contract.Receipt, error) {
	var b contract.Batch
	if err := contract.DecodeJSON(bytes.NewReader(line), maxLine, &b); err != nil {
		return contract.Receipt{}, fmt.Errorf("%w: %w", ErrExport, err)
	}
	receipt, err := i.Ingest(ctx, from, b)
	if errors.Is(err, ErrGap) {
		receipt, err = i.Ahead(ctx, from, b)
	}
	return receipt, err
}

func (d *Imported) add(r contract.Receipt) {
	d.Stored, d.Known = d.Stored+r.Stored, d.Known+r.Known
	at := slices.IndexFunc(d.Streams, func(s ImportedStream) bool { return s.Stream == r.Stream })
	if at < 0 {
		d.Streams, at = append(d.Streams, ImportedStream{Stream: r.Stream}), len(d.Streams)
	}
	d.Streams[at].Through, d.Streams[at].Ahead = r.Through, r.Ahead
}
