package gateway

import (
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/clock"
	"github.com/rollcall-edge/rollcall/gateway/decide"
)

// recallStep is how many records are looked at together, going back.
const recallStep = 512

// recall takes from the journal's last day what the gateway knew before it was restarted: which taps were credited, whether
// the clock was synchronised in this boot, and a moment that has certainly passed.
func (g *Gateway) recall() error {
	from, err := dayBefore(g.writer, g.journal.Durable())
	if err != nil {
		return err
	}
	g.young = from == 1
	for next := from; next <= g.journal.Durable(); {
		records, err := g.writer.Read(next, recallStep)
		if err != nil {
			return err
		}
		for _, r := range records {
			g.credited.Recall(r)
			g.clock.Recall(r)
			if at, sure := clock.Vouched(r); sure {
				g.identity.NotBefore(at)
			}
		}
		next += uint64(len(records))
	}
	return nil
}

// source is a stream, as far as it is here. What was pruned is journal.ErrNotFound or replicate.ErrNotFound.
type source interface {
	Read(first uint64, most int) ([]contract.Record, error) // at least one
}

// dayBefore is a number at or before the first record of the last day up to number last, by the records' own clock; 1 or
// the first that is not pruned if there are none so old.
func dayBefore(s source, last uint64) (uint64, error) {
	if last == 0 {
		return 1, nil
	}
	newest, err := s.Read(last, 1)
	if err != nil {
		return 0, err
	}
	horizon := newest[0].Stamp.At.Add(-decide.Remember)
	from := last
	for from > 1 {
		back := from - min(from-1, recallStep)
		records, err := s.Read(back, 1)
		if gone(err) {
			return firstKept(s, back, from), nil
		}
		if err != nil {
			return 0, err
		}
		from = back
		if records[0].Stamp.At.Before(horizon) {
			break
		}
	}
	return from, nil
}

// firstKept finds the first number in (pruned, kept] that is still there.
func firstKept(s source, pruned, kept uint64) uint64 {
	for pruned+1 < kept {
		middle := pruned + (kept-pruned)/2
		if _, err := s.Read(middle, 1); err != nil {
			pruned = middle
			continue
		}
		kept = middle
	}
	return kept
}
