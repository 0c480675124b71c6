package ingest

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/timeline"
)

func record(f testing.TB, seq uint64, r contract.Record) []byte {
	f.Helper()
	r.ID = contract.TapID{Stream: contract.Stream{1}, Seq: seq}
	octets, err := contract.AppendRecord(nil, r)
	if err != nil {
		f.Fatal(err)
	}
	return octets
}

// FuzzBatch puts any octets in where a gateway's batch belongs: what is let through must be a batch that the database can
// take, with coverage that runs forward and does not overlap.
func FuzzBatch(f *testing.F) {
	at := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	stamp := contract.Stamp{At: at, Quality: contract.Synchronised}
	good, err := json.Marshal(contract.Batch{Version: 1, Stream: contract.Stream{1}, First: 7, Records: [][]byte{
		record(f, 7, contract.Record{Stamp: stamp, Tap: &contract.Tap{Point: "p", Evidence: 1, Outcome: 1, Session: "x"}}),
		record(f, 8, contract.Record{Stamp: stamp, Heartbeat: &contract.Heartbeat{Since: at.Add(-time.Minute), Points: []contract.PointState{{Point: "p", Up: true}, {Point: "q"}}}}),
		record(f, 9, contract.Record{Stamp: stamp, Anchor: &contract.Anchor{At: at}}),
	}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-2])
	f.Add(append(append([]byte{}, good...), good...))
	f.Add([]byte(`{"version":1,"stream":"0100000000000000","first":1,"records":[""]}`))
	f.Add([]byte(`{"version":1,"stream":"0100000000000000","first":18446744073709551615,"records":["AQ=="]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		var b contract.Batch
		if contract.DecodeJSON(bytes.NewReader(document), contract.MaxBatchBytes, &b) != nil {
			return
		}
		records, err := b.Open()
		if err != nil {
			return
		}
		for known := range len(b.Records) + 1 {
			d := deliver(b, records, at).after(known)
			d.timed(timeline.Witness{})
			if len(d.Octets) != len(b.Records)-known || d.First != b.First+uint64(known) {
				t.Fatalf("after %d of %d: %d records from %d", known, len(b.Records), len(d.Octets), d.First)
			}
			for i, c := range d.Coverage {
				if !c.Since.Before(c.Until) {
					t.Fatalf("coverage %+v does not run forward", c)
				}
				if i > 0 && d.Coverage[i-1].Point == c.Point && !d.Coverage[i-1].Until.Before(c.Since) {
					t.Fatalf("coverage %+v and %+v touch", d.Coverage[i-1], c)
				}
			}
		}
	})
}
