package readers

import (
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Of 500 cards at four readers of an unkind line each arrives once, in its reader's order, and each person sees green.
func TestOSDPGivesEachCardOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		keyed bool
	}{{"plain", false}, {"secure", true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const doors, each = 4, 125
			line := plug(t, reader.Options{Baud: 115200, Instant: true, Faults: unkind, Seed: 20261126})
			c := open(t, line, 115200, fleet(doors, tt.keyed)...)
			c.awaitUp(t, c.names()...)

			var people sync.WaitGroup
			for i, d := range c.doors {
				people.Go(func() {
					seen := queue(t, d.Reader, badges(1000*(i+1), each))
					if want := slices.Repeat([]lamp.Light{lamp.Green}, each); !slices.Equal(seen, want) {
						t.Errorf("people at %s saw %v, want all green", d.Name(), seen)
					}
				})
			}
			people.Wait()

			for i, d := range c.doors {
				if diff := cmp.Diff(keysOf(1000*(i+1), each), c.keys(d.Name())); diff != "" {
					t.Errorf("cards of %s (-presented +read; %+v, %+v):\n%s", d.Name(), d.Counts(), c.status(d.Name()), diff)
				}
			}
			mustStrike(t, line, unkind)
		})
	}
}
