//go:build mutant_red_taps_dropped

package gateway

import "github.com/rollcall-edge/rollcall/central/contract"

// append is planted: who was refused leaves no trace.
func (g *Gateway) append(r contract.Record) (contract.TapID, error) {
	if r.Tap != nil && r.Tap.Outcome == contract.Refused {
		return contract.TapID{}, nil
	}
	g.appending.RLock()
	defer g.appending.RUnlock()
	return g.journal.Append(r)
}
