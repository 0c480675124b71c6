package fleet

import (
	"context"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// creditsOf is how far back a gateway wants to know: longer than any register is open.
const creditsOf = 24 * time.Hour

// Credits tells a gateway with a blank disk whom it credited within the last day: its own taps, and nobody else's.
func (f *Fleet) Credits(ctx context.Context, who Caller) (contract.Credits, error) {
	credits, err := f.store.Credits(ctx, who.Gateway, f.now().Add(-creditsOf))
	return contract.Credits{Credits: credits}, err
}
