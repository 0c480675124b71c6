package ble

import (
	"slices"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	const s = time.Second
	type life struct {
		lasted   time.Duration
		hopeless bool
	}
	quick := life{0, false}
	for _, c := range []struct {
		name  string
		lives []life
		want  []time.Duration
	}{
		{"crash after crash", []life{quick, quick, quick, quick, quick, quick, quick, quick}, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s}},
		{"a long life is forgiven", []life{quick, quick, {60 * s, false}, quick}, []time.Duration{s, 2 * s, s, 2 * s}},
		{"a life of less than the slowest pace is not", []life{quick, {59 * s, false}}, []time.Duration{s, 2 * s}},
		{"no adapter is asked for slowly, and a crash after it repaired at once", []life{{0, true}, {0, true}, quick}, []time.Duration{60 * s, 60 * s, s}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := backoff{first: s, most: 60 * s}
			var got []time.Duration
			for _, l := range c.lives {
				got = append(got, b.next(l.lasted, l.hopeless))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("pauses = %v, want %v", got, c.want)
			}
		})
	}
}
