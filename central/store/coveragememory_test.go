package store

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// coverageIn is what judging learns of rooms R and S in a snapshot, with what it remembers.
func coverageIn(t *testing.T, tx *transaction, memory *coverageMemory) register.Coverage {
	t.Helper()
	c := judge.Case{Facts: register.Facts{Sessions: []*register.Session{{Rooms: []string{"R", "S"}}}}}
	l := loader{cases: map[string]*judge.Case{"s1": &c}, heard: memory}
	for _, step := range []func(context.Context, *transaction) error{l.changes, l.coverage} {
		if err := step(t.Context(), tx); err != nil {
			t.Fatal(err)
		}
	}
	return c.Facts.Coverage
}

func coverageNow(t *testing.T, s *Store, memory *coverageMemory) (covered register.Coverage) {
	t.Helper()
	err := s.view(t.Context(), func(tx *transaction) error { covered = coverageIn(t, tx, memory); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return covered
}

// Whatever happens to coverage, who remembers it knows the same as who reads it for the first time.
func TestRememberedCoverageIsWhatIsStored(t *testing.T) {
	d := newDoor(t)
	furnish(t, d)
	d.now = clockTime(t, "08:30")
	claimed := beat(clockTime(t, "07:00"), clockTime(t, "07:50"), "q")
	claimed.Stamp.Boot, claimed.Stamp.Uptime = bootOne, time.Hour
	at := clockTime(t, "06:50")
	var before register.Coverage
	for _, step := range []struct {
		name   string
		change func()
	}{
		{"first heard", func() { d.take(t, 1, parseBeat(t, "06:40-06:45 p")) }},
		{"heard for longer", func() { d.take(t, 2, parseBeat(t, "06:45-06:50 p")) }},
		{"another reader of the room", func() { d.take(t, 3, anchorAt(at, 0), claimed) }},
		{"a reader of another room", func() { d.take(t, 5, parseBeat(t, "07:50-07:55 elsewhere")) }},
		{"heartbeats in dispute", func() { d.take(t, 6, anchorAt(at.Add(10*time.Minute), time.Hour+10*time.Minute)) }},
		{"a reader moved to another room", func() {
			err := d.store.transact(t.Context(), func(tx *transaction) error {
				return putPoints(t.Context(), tx, &timetable.Change{Points: []timetable.Point{{ID: "q", Room: "S"}}})
			})
			if err != nil {
				t.Fatal(err)
			}
		}},
	} {
		step.change()
		got, want := coverageNow(t, d.store, &d.store.heard), coverageNow(t, d.store, &coverageMemory{})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-stored +remembered):\n%s", step.name, diff)
		}
		if cmp.Equal(before, want) {
			t.Errorf("%s: nothing became different", step.name)
		}
		before = want
	}
}

// Who reads from an older state of the database must not hear of what came later: taps of that time are not in it.
func TestAnOlderSnapshotIsNotToldOfLaterCoverage(t *testing.T) {
	d := newDoor(t)
	furnish(t, d)
	d.now = clockTime(t, "08:30")
	d.take(t, 1, parseBeat(t, "07:00-07:10 p"))
	err := d.store.view(t.Context(), func(old *transaction) error {
		want := coverageIn(t, old, &coverageMemory{})
		d.take(t, 2, parseBeat(t, "07:10-07:50 p"))
		later := coverageNow(t, d.store, &d.store.heard)
		if cmp.Equal(later, want) {
			t.Error("the later snapshot knows nothing new")
		}
		if diff := cmp.Diff(want, coverageIn(t, old, &d.store.heard)); diff != "" {
			t.Errorf("in the older snapshot (-stored +remembered):\n%s", diff)
		}
		if diff := cmp.Diff(later, coverageNow(t, d.store, &d.store.heard)); diff != "" {
			t.Errorf("in the later one afterwards (-before +after):\n%s", diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
