//go:build !mutant_red_taps_dropped

package writer

import "github.com/rollcall-edge/rollcall/central/contract"

// Append keeps a record. It waits while the journal begins a new stream.
func (w *Writer) Append(r contract.Record) (contract.TapID, error) {
	w.appending.RLock()
	defer w.appending.RUnlock()
	return w.journal.Append(r)
}
