package replicate

import (
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// checkRecord proves an encoded record by its own checksum and identity. One written by a newer build cannot be read
// here and passes: it is proven by who can.
func checkRecord(raw []byte, want contract.TapID) error {
	r, err := contract.DecodeRecord(raw)
	if errors.Is(err, contract.ErrRecordVersion) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("record %s: %w", want, err)
	}
	if r.ID != want {
		return fmt.Errorf("record %s carries the number of %s", want, r.ID)
	}
	return nil
}
