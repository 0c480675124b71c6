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
		if c, err := tree.Read(note); err == nil && c.Size <= s.Durable && !tree.SaysSigned(note, gateway) {
			notes = append(notes, note)
		}
	}
	return notes
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
