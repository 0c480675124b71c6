package site

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

func TestRecordedReadsTheDisk(t *testing.T) {
	g := &Gateway{Building: campus.Buildings[0], data: t.TempDir()}
	j, err := journal.Open(journal.Options{Dir: filepath.Join(g.data, "journal")})
	if err != nil {
		t.Fatal(err)
	}
	stream := j.Stream()
	from := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	keep := func(at time.Time, tap bool) {
		t.Helper()
		r := contract.Record{Stamp: contract.Stamp{At: at, Quality: contract.FreeRunning}}
		if tap {
			r.Tap = &contract.Tap{Point: "A/door", Evidence: contract.EvidenceCard, Outcome: contract.Accepted}
		} else {
			r.Heartbeat = &contract.Heartbeat{Since: at.Add(-time.Minute)}
		}
		if _, err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		keep(from.Add(-time.Millisecond), true) // 1 to 3: of the run before
	}
	for range readStep { // 4 to 503
		keep(from.Add(time.Second), true)
	}
	keep(from.Add(2*time.Second), false) // 504
	keep(from.Add(3*time.Second), true)  // 505
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	var want []contract.TapID
	for seq := uint64(4); seq <= 505; seq++ {
		if seq != 504 {
			want = append(want, contract.TapID{Stream: stream, Seq: seq})
		}
	}
	got, err := g.Recorded(from)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Recorded = %d taps, %v, want %d", len(got), err, len(want))
	}
}
