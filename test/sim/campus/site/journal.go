package site

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// readStep is how many records are read together, going back.
const readStep = 500

// Recorded reads from the disk of a gateway that was stopped which taps its journal holds from a moment on.
func (g *Gateway) Recorded(from time.Time) (taps []contract.TapID, err error) {
	j, err := journal.Open(journal.Options{Dir: filepath.Join(g.data, "journal")})
	if err != nil {
		return nil, fmt.Errorf("read journal of %s: %w", g.Building.ID, err)
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	for last := j.Durable(); last > 0; {
		first := last - min(last, readStep) + 1
		found, older, err := tapsOf(j, first, last, from)
		if errors.Is(err, journal.ErrNotFound) {
			break // pruned, so long ago
		}
		if err != nil {
			return nil, fmt.Errorf("read journal of %s: %w", g.Building.ID, err)
		}
		taps = append(found, taps...)
		if older {
			break
		}
		last = first - 1
	}
	return taps, nil
}

// tapsOf reads the taps among the records first to last; older tells that there was a record from before the moment.
func tapsOf(j *journal.Journal, first, last uint64, from time.Time) (taps []contract.TapID, older bool, err error) {
	for first <= last {
		octets, err := j.Read(first, int(last-first+1), readStep*contract.MaxRecord)
		if err != nil {
			return nil, false, err
		}
		for _, b := range octets {
			r, err := contract.DecodeRecord(b)
			if err != nil {
				return nil, false, err
			}
			older = older || r.Stamp.At.Before(from)
			if r.Tap != nil && !r.Stamp.At.Before(from) {
				taps = append(taps, r.ID)
			}
		}
		first += uint64(len(octets))
	}
	return taps, older, nil
}
