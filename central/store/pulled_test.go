package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// export is a file as a gateway writes it: one batch a line.
func export(t *testing.T, batches ...contract.Batch) *bytes.Buffer {
	t.Helper()
	var file bytes.Buffer
	out := json.NewEncoder(&file)
	for _, b := range batches {
		if err := out.Encode(b); err != nil {
			t.Fatal(err)
		}
	}
	return &file
}

// An export of a pulled card is taken in exactly once, whatever of it came by the network, and however often it is imported;
// what lies behind a hole counts, and the stream is complete when a neighbour brings what was missing.
func TestImportOfAPulledCard(t *testing.T) {
	d := newDoor(t)
	if _, err := d.intake.Ingest(t.Context(), "library", batchOf(t, streamA, 1, taps(1, 2)...)); err != nil {
		t.Fatal(err)
	}
	lines := []contract.Batch{batchOf(t, streamA, 1, taps(1, 4)...), batchOf(t, streamA, 6, taps(6, 3)...), batchOf(t, streamB, 1, taps(1, 2)...)}
	for round, want := range []struct{ stored, known int }{{7, 2}, {0, 9}} {
		done, err := d.intake.Import(t.Context(), "library", export(t, lines...))
		if err != nil || done.Stored != want.stored || done.Known != want.known {
			t.Errorf("import %d: %+v, %v, want %d new and %d known", round, done, err, want.stored, want.known)
		}
		if len(done.Streams) != 2 || done.Streams[0].Through != 4 || done.Streams[0].Ahead != 8 || done.Streams[1].Through != 2 {
			t.Errorf("import %d: streams %+v, want one through 4 with 8 ahead, one through 2", round, done.Streams)
		}
	}
	if n := d.column(t, `SELECT count(*) FROM tap`)[0]; n != "9" {
		t.Errorf("%s taps at central, want 9", n)
	}
	receipt, err := d.intake.Ingest(t.Context(), "neighbour", batchOf(t, streamA, 5, taps(5, 4)...))
	if err != nil || receipt.Through != 8 {
		t.Errorf("after a neighbour brought number 5: through %d, %v, want 8", receipt.Through, err)
	}
	if n := d.column(t, `SELECT count(*) FROM tap`)[0]; n != "10" {
		t.Errorf("%s taps at central, want 10", n)
	}
}

// A file that is none ends with the number of its line.
func TestImportRefusesAtItsLine(t *testing.T) {
	d := newDoor(t)
	good := export(t, batchOf(t, streamA, 1, taps(1, 1)...)).String()
	fork := batchOf(t, streamA, 1, taps(2, 1)...)
	for _, tt := range []struct {
		name, file string
		want       error
	}{
		{"a list", good + "student,card\n", ingest.ErrExport},
		{"a line cut short", good + good[:40], ingest.ErrExport},
		{"a line without an end", good + strings.Repeat("x", contract.MaxBatchBytes+1), ingest.ErrExport},
		{"records of another place", good + strings.Replace(good, `"first":1`, `"first":2`, 1), contract.ErrBatch},
		{"another history", good + export(t, fork).String(), ingest.ErrFork},
	} {
		_, err := d.intake.Import(t.Context(), "library", strings.NewReader(tt.file))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if errors.Is(err, ingest.ErrExport) && tt.name != "a line without an end" && !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v names no line", tt.name, err)
		}
	}
}
