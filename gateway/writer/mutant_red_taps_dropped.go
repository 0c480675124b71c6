//go:build mutant_red_taps_dropped

package writer

import "github.com/rollcall-edge/rollcall/central/contract"

// Append is planted: who was refused leaves no trace.
func (w *Writer) Append(r contract.Record) (contract.TapID, error) {
	if r.Tap != nil && r.Tap.Outcome == contract.Refused {
		return contract.TapID{}, nil
	}
	w.appending.RLock()
	defer w.appending.RUnlock()
	return w.journal.Append(r)
}
