package fleet

import (
	"context"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// askAgain is how long a gateway has for a cosignature before it is asked once more.
const askAgain = time.Hour

// question is a checkpoint that a gateway was asked to cosign.
type question struct {
	gateway string
	stream  contract.Stream
}

// toCosign are the checkpoints with which days ended of those streams that a gateway holds copies of, unless it has cosigned
// them. Its signature says that its copy gives the same root: whoever has the key of one gateway cannot rewrite yesterday.
func (f *Fleet) toCosign(ctx context.Context, gateway string, held []contract.StreamState) [][]byte {
	now := f.now()
	today := calendar.DayOf(now).String()
	var notes [][]byte
	for _, s := range held {
		if s.Own || !f.mayAsk(question{gateway, s.Stream}, now) {
			continue
		}
		note, err := f.store.ClosingCheckpoint(ctx, s.Stream, today)
		if err != nil {
			f.log.Warn("no cosignature asked for", "stream", s.Stream.String(), "error", err)
			continue
		}
		end, err := f.unsignedEnd(ctx, s.Stream, now)
		if err != nil {
			f.log.Warn("no witness asked for", "stream", s.Stream.String(), "error", err)
		}
		for _, n := range [][]byte{note, end} {
			if c, err := tree.Read(n); err == nil && c.Size <= s.Durable && !tree.SaysSigned(n, gateway) {
				notes = append(notes, n)
			}
		}
	}
	return notes
}

// unsignedAfter is how long nothing may come of a stream before its gateway is taken to sign no more: one that lives writes a
// heartbeat each minute and signs it.
const unsignedAfter = time.Hour

// unsignedEnd is central's word on what neighbours brought of a gateway that died before it signed that. Central alone could say
// anything; a gateway that cosigns says that its copy gives the same root. It is nil if there is no such end.
func (f *Fleet) unsignedEnd(ctx context.Context, stream contract.Stream, now time.Time) ([]byte, error) {
	end, note, err := f.store.UnsignedEnd(ctx, stream, now.Add(-unsignedAfter))
	if err != nil || note != nil || end.Size == 0 {
		return note, err
	}
	if note, err = end.Attest(f.authority.seal); err != nil {
		return nil, err
	}
	return note, f.store.Attested(ctx, end, note)
}

// mayAsk reports whether it is time to ask, and notes that it was done.
func (f *Fleet) mayAsk(q question, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.asked[q]) < askAgain {
		return false
	}
	f.asked[q] = now
	return true
}

// takeCosigned keeps the cosignatures that came with a report.
func (f *Fleet) takeCosigned(ctx context.Context, gateway string, notes [][]byte) {
	for _, note := range notes {
		if err := f.store.Cosign(ctx, gateway, note); err != nil {
			f.log.Warn("cosignature not kept", "gateway", gateway, "error", err)
		}
	}
}
