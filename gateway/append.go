//go:build !mutant_red_taps_dropped

package gateway

import "github.com/rollcall-edge/rollcall/central/contract"

// append keeps a record. It waits while the journal begins a new stream.
func (g *Gateway) append(r contract.Record) (contract.TapID, error) {
	g.appending.RLock()
	defer g.appending.RUnlock()
	return g.journal.Append(r)
}
