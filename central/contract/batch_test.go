package contract

import (
	"errors"
	"strings"
	"testing"
)

func encodeAt(t *testing.T, seq uint64) []byte {
	t.Helper()
	r := examples()["tap-v1"]
	r.ID.Seq = seq
	b, err := AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBatchOpen(t *testing.T) {
	stream := examples()["tap-v1"].ID.Stream
	good := Batch{Version: 1, Stream: stream, First: 7, Records: [][]byte{encodeAt(t, 7), encodeAt(t, 8)}}
	if records, err := good.Open(); err != nil || len(records) != 2 || records[1].ID.Seq != 8 {
		t.Fatalf("Open = %d records, %v; want 2", len(records), err)
	}
	tests := []struct {
		name   string
		change func(*Batch)
		place  string
	}{
		{"version from the future", func(b *Batch) { b.Version = 2 }, "version 2"},
		{"no stream", func(b *Batch) { b.Stream = Stream{} }, "starts at"},
		{"number 0", func(b *Batch) { b.First = 0 }, "starts at"},
		{"no records", func(b *Batch) { b.Records = nil }, "0 records"},
		{"too many", func(b *Batch) { b.Records = make([][]byte, MaxBatchRecords+1) }, "501 records"},
		{"a gap inside", func(b *Batch) { b.Records[1] = encodeAt(t, 9) }, "records[1]"},
		{"another stream's record", func(b *Batch) { b.Stream[0]++ }, "records[0]"},
		{"a damaged record", func(b *Batch) { b.Records[1][20]++ }, "records[1]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := Batch{Version: 1, Stream: stream, First: 7, Records: [][]byte{encodeAt(t, 7), encodeAt(t, 8)}}
			tt.change(&b)
			if _, err := b.Open(); !errors.Is(err, ErrBatch) || !strings.Contains(err.Error(), tt.place) {
				t.Errorf("Open = %v, want ErrBatch naming %q", err, tt.place)
			}
		})
	}
}
