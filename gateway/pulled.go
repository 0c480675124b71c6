package gateway

import (
	"errors"
	"fmt"
	"io"

	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// ErrIncomplete means that something of a journal cannot be read any more.
var ErrIncomplete = errors.New("the journal is not whole; what was said above names what is missing")

// Export reads the journals below dir, on a card that was pulled, and writes what can be read of them to file for
// rollcall-central import taps. It changes nothing below dir and says to report what is there and what is missing, with file
// and byte. Secret is that of the gateway's key file, nil if it had none. A nil file only reads.
func Export(dir string, secret []byte, file, report io.Writer) error {
	key, err := journalKey(secret)
	if err != nil {
		return err
	}
	dirs, err := journal.Directories(dir)
	if err != nil {
		return err
	}
	whole := true
	for _, d := range dirs {
		r, err := journal.Salvage(d, key)
		if err != nil {
			return err
		}
		if file != nil {
			if _, err := forward.Export(file, r.Stream, r); err != nil {
				return err
			}
		}
		describe(report, r)
		whole = whole && len(r.Damage) == 0 && len(r.Missing()) == 0
	}
	if !whole {
		return ErrIncomplete
	}
	return nil
}

// describe says what one directory holds.
func describe(w io.Writer, r *journal.Remains) {
	fmt.Fprintf(w, "%s: stream %s, %d records, number %d to %d; central had acknowledged %d\n", r.Dir, r.Stream, r.Len(), r.First(), r.Last(), r.Acknowledged)
	for _, d := range r.Damage {
		fmt.Fprintf(w, "  damaged: %s\n", d)
	}
	for _, m := range r.Missing() {
		fmt.Fprintf(w, "  missing: number %s\n", m)
	}
}
