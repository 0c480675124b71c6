package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// A gateway is told of taps that it credited itself, in whichever of its streams, since the moment named.
func TestCredits(t *testing.T) {
	d := newDoor(t)
	credited := func(at time.Time, card string) contract.Record {
		r := tapAt(at, card)
		r.Tap.Outcome, r.Tap.Reason, r.Tap.Session = contract.Accepted, contract.None, "CS101"
		return r
	}
	duplicate := credited(nine, "w26:1:1")
	duplicate.Tap.Outcome = contract.Duplicate
	for _, s := range []struct {
		gateway string
		batch   contract.Batch
	}{
		{"gw-a", batchOf(t, streamA, 1, credited(nine.Add(-time.Millisecond), "w26:1:9"), credited(nine, "w26:1:1"), tapAt(nine, "w26:1:2"), duplicate)},
		{"gw-a", batchOf(t, contract.Stream{0xac}, 1, credited(nine.Add(time.Minute), "w26:1:3"))},
		{"gw-b", batchOf(t, streamB, 1, credited(nine, "w26:1:4"))},
	} {
		if _, err := d.intake.Ingest(t.Context(), s.gateway, s.batch); err != nil {
			t.Fatal(err)
		}
	}
	digest := func(card string) contract.Digest { return contract.DigestOf([]byte("campus"), card) }
	want := []contract.Credit{{Digest: digest("w26:1:1"), Session: "CS101", At: nine}, {Digest: digest("w26:1:3"), Session: "CS101", At: nine.Add(time.Minute)}}
	got, err := d.store.Credits(t.Context(), "gw-a", nine)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("credits (-got +want):\n%s", diff)
	}
	if got, err := d.store.Credits(t.Context(), "gw-c", nine); err != nil || len(got) > 0 {
		t.Errorf("credits of a gateway without any = %v, %v", got, err)
	}
}
