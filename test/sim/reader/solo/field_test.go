package solo_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

const ms = time.Millisecond

var start = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)

func tokens(cards []solo.Card) []uint64 {
	var out []uint64
	for _, c := range cards {
		out = append(out, c.Token)
	}
	return out
}

func place(f *solo.Field, now time.Time, stuck bool, names ...uint64) []uint64 {
	p := solo.Placement{Stuck: stuck}
	for _, n := range names {
		p.Cards = append(p.Cards, solo.Card{Token: n})
	}
	return tokens(f.Place(now, p))
}

func TestFieldForATime(t *testing.T) {
	f := solo.Field{Stay: 400 * ms}
	place(&f, start, false, 1, 2)
	if at, ok := f.Next(); !ok || at != start.Add(400*ms) {
		t.Errorf("next = %v, %v, want 400 ms", at.Sub(start), ok)
	}
	if got := tokens(f.Expire(start.Add(399 * ms))); got != nil {
		t.Errorf("left early: %v", got)
	}
	f.Depart(start) // whoever goes does not take it along sooner
	if got := tokens(f.Expire(start.Add(400 * ms))); !cmp.Equal(got, []uint64{1, 2}) {
		t.Errorf("left = %v, want both", got)
	}
}

func TestFieldUntilThePersonGoes(t *testing.T) {
	var f solo.Field
	place(&f, start, false, 1)
	if _, ok := f.Next(); ok {
		t.Error("it is known when the card leaves")
	}
	f.Depart(start.Add(time.Hour))
	if got := tokens(f.Expire(start.Add(time.Hour + 249*ms))); got != nil {
		t.Errorf("left at once: %v", got)
	}
	if got := tokens(f.Expire(start.Add(time.Hour + 250*ms))); !cmp.Equal(got, []uint64{1}) {
		t.Errorf("left = %v, want the card", got)
	}
}

func TestStuckCardsStay(t *testing.T) {
	f := solo.Field{Stay: 400 * ms}
	place(&f, start, true, 1)
	place(&f, start, false, 2)
	f.Depart(start)
	if got := place(&f, start, false, 3); !cmp.Equal(got, []uint64{2}) {
		t.Errorf("made room: %v, want what the person before held", got)
	}
	if got := tokens(f.Cards()); !cmp.Equal(got, []uint64{1, 3}) {
		t.Errorf("cards = %v, want 1 and 3", got)
	}
	if got := tokens(f.Expire(start.Add(time.Hour))); !cmp.Equal(got, []uint64{3}) {
		t.Errorf("left = %v, want 3", got)
	}
	f.Lift(start.Add(time.Hour))
	if got := tokens(f.Expire(start.Add(time.Hour))); !cmp.Equal(got, []uint64{1}) {
		t.Errorf("left = %v, want the stuck one", got)
	}
}

func TestSoonest(t *testing.T) {
	early, late := start, start.Add(ms)
	tests := []struct {
		a   time.Time
		aOK bool
		b   time.Time
		bOK bool

		want time.Time
		ok   bool
	}{
		{early, true, late, true, early, true},
		{late, true, early, true, early, true},
		{late, true, early, false, late, true},
		{early, false, late, true, late, true},
		{early, false, late, false, time.Time{}, false},
	}
	for _, tt := range tests {
		got, ok := solo.Soonest(tt.a, tt.aOK, tt.b, tt.bOK)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("Soonest(%+v) = %v, %v", tt, got, ok)
		}
	}
}
