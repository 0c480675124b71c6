package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// What heartbeats say of readers that did not hear is kept as times with a reason, however the heartbeats came.
func TestTimesOfSilenceAreKeptWithTheirReason(t *testing.T) {
	minute := func(n int) time.Time { return nine.Add(time.Duration(n) * time.Minute) }
	say := func(n int, quality contract.Quality, points ...contract.PointState) contract.Record {
		return contract.Record{Stamp: contract.Stamp{At: minute(n), Quality: quality}, Heartbeat: &contract.Heartbeat{Since: minute(n - 1), Points: points}}
	}
	up, down := contract.PointState{Point: "A-101/door", Up: true}, contract.PointState{Point: "A-101/door"}
	other := contract.PointState{Point: "B-1/door"}
	records := []contract.Record{
		say(1, contract.Synchronised, up, other), say(2, contract.Synchronised, down, other), say(3, contract.FreeRunning, down, other),
		say(4, contract.Synchronised, up, other), say(5, contract.NeverSet, up), say(6, contract.NeverSet, down), say(7, contract.Synchronised, down),
	}
	want := []string{"A-101/door clock 4-6", "A-101/door reader 1-3", "A-101/door reader 6-7", "B-1/door reader 0-4"}
	for name, cut := range map[string][]int{"at once": {7}, "one by one": {1, 2, 3, 4, 5, 6, 7}, "some twice": {3, 5, 7}} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			before := 0
			for _, end := range cut {
				first := before + 1
				if name == "some twice" {
					first = 1
				}
				if _, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, uint64(first), records[first-1:end]...)); err != nil {
					t.Fatal(err)
				}
				before = end
			}
			got := d.column(t, `SELECT point_id || ' ' || why || ' ' || CAST((since - $1) / 60000 AS TEXT) || '-' || CAST((until - $1) / 60000 AS TEXT)
				FROM deaf ORDER BY point_id, why, since`, nine.UnixMilli())
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("times of silence (-got +want):\n%s", diff)
			}
		})
	}
}
