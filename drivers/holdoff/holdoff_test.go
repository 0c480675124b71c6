package holdoff

import (
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

var start = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)

func TestRepeats(t *testing.T) {
	type tap struct {
		at   time.Duration
		key  string
		want bool
	}
	for _, tt := range []struct {
		name string
		taps []tap
	}{
		{"repeats every 50 ms", []tap{{0, "a", false}, {50 * ms, "a", true}, {100 * ms, "a", true}}},
		{"again after the hold-off", []tap{{0, "a", false}, {2000 * ms, "a", false}}},
		{"just before its end", []tap{{0, "a", false}, {1999 * ms, "a", true}}},
		{"a held card stays one tap", []tap{{0, "a", false}, {1500 * ms, "a", true}, {3000 * ms, "a", true}, {4500 * ms, "a", true}, {6500 * ms, "a", false}}},
		{"another card at once", []tap{{0, "a", false}, {50 * ms, "b", false}, {100 * ms, "a", true}, {150 * ms, "b", true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := New(Default)
			for i, p := range tt.taps {
				if got := h.Repeats(p.key, start.Add(p.at)); got != p.want {
					t.Errorf("tap %d of %s at %v: repeats = %v, want %v", i, p.key, p.at, got, p.want)
				}
			}
		})
	}
}

// Nobody looked for a minute: the card that still lies there is the same tap.
func TestSkipsTimeWithoutLooking(t *testing.T) {
	h := New(Default)
	h.Repeats("a", start)
	h.Skip(time.Minute)
	if !h.Repeats("a", start.Add(time.Minute+1900*ms)) {
		t.Error("the card is a new tap")
	}
	if h.Repeats("a", start.Add(time.Minute+4*time.Second)) {
		t.Error("the skipped time counts for ever")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	h := New(time.Hour)
	for i := range 1000 {
		h.Repeats(strings.Repeat("x", i), start)
	}
	if len(h.recent) > recentRoom {
		t.Errorf("%d cards are remembered, want %d at most", len(h.recent), recentRoom)
	}
}
