package readers

import (
	"context"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// queue lets people hold their cards to a reader one after the other, each until they see a light; it tells what they saw.
// It may run in any goroutine of a test.
func queue(t testing.TB, r *reader.Reader, cards []card.Card) (seen []lamp.Light) {
	for _, c := range cards {
		p, err := r.Present(c)
		if err != nil {
			t.Errorf("present %v at %s: %v", c, r.Name(), err)
			return seen
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		seen = append(seen, p.Wait(ctx).Light)
		cancel()
	}
	return seen
}

// badges are n Wiegand cards with numbers from first on.
func badges(first, n int) []card.Card {
	cards := make([]card.Card, n)
	for i := range cards {
		cards[i] = card.W26(123, uint16(first+i)) //nolint:gosec // small numbers
	}
	return cards
}
