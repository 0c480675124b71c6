package fleet

import (
	"context"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// How long a gateway is left alone about a stream: after it was asked first, at most while a cosignature is missing, and when nothing
// was to be cosigned. Its reports may come while central's answers are lost, so what is missing is never given up for long.
const (
	askSoon  = 10 * time.Second
	askMost  = 5 * time.Minute
	askLater = time.Hour
)

// question is a stream of which a gateway is asked to cosign checkpoints.
type question struct {
	gateway string
	stream  contract.Stream
}

// asking is how a question stands. The zero asking was never looked at.
type asking struct {
	day   string        // when it was looked at last: each day ends with another checkpoint
	next  time.Time     // when it is time to look again on that day
	pause time.Duration // before that; 0 if nothing was missing
}

// due reports whether it is time to look for what a gateway is to cosign.
func (a asking) due(now time.Time, today string) bool { return a.day != today || !now.Before(a.next) }

// looked is how a question stands after it was looked at, and something was missing or not.
func (a asking) looked(now time.Time, today string, missing bool) asking {
	if a.day != today {
		a = asking{day: today}
	}
	if !missing {
		return asking{day: today, next: now.Add(askLater)}
	}
	a.pause = min(max(askSoon, 2*a.pause), askMost)
	a.next = now.Add(a.pause)
	return a
}

// toCosign are the checkpoints with which days ended of those streams that a gateway holds copies of, unless it has cosigned
// them. Its signature says that its copy gives the same root: whoever has the key of one gateway cannot rewrite yesterday.
func (f *Fleet) toCosign(ctx context.Context, gateway string, held []contract.StreamState) [][]byte {
	now := f.now()
	today := calendar.DayOf(now).String()
	var notes [][]byte
	for _, s := range held {
		q := question{gateway, s.Stream}
		if s.Own || !f.askedOf(q).due(now, today) {
			continue
		}
		missing := f.missing(ctx, q, now, today)
		f.looked(q, now, today, len(missing) > 0)
		for _, c := range missing {
			if c.size <= s.Durable {
				notes = append(notes, c.note)
			}
		}
	}
	return notes
}

// unsigned is a checkpoint that a gateway has not cosigned.
type unsigned struct {
	note []byte
	size uint64
}

// missing are the checkpoints of a stream that a gateway has not cosigned, whether or not its copy is that far.
func (f *Fleet) missing(ctx context.Context, q question, now time.Time, today string) (missing []unsigned) {
	note, err := f.store.ClosingCheckpoint(ctx, q.stream, today)
	if err != nil {
		f.log.Warn("no cosignature asked for", "stream", q.stream.String(), "error", err)
		return nil
	}
	end, err := f.unsignedEnd(ctx, q.stream, now)
	if err != nil {
		f.log.Warn("no witness asked for", "stream", q.stream.String(), "error", err)
	}
	for _, n := range [][]byte{note, end} {
		if c, err := tree.Read(n); err == nil && !tree.SaysSigned(n, q.gateway) {
			missing = append(missing, unsigned{n, c.Size})
		}
	}
	return missing
}

func (f *Fleet) askedOf(q question) asking {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[q]
}

func (f *Fleet) looked(q question, now time.Time, today string, missing bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[q] = f.asked[q].looked(now, today, missing)
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

// takeCosigned keeps the cosignatures that came with a report.
func (f *Fleet) takeCosigned(ctx context.Context, gateway string, notes [][]byte) {
	for _, note := range notes {
		if err := f.store.Cosign(ctx, gateway, note); err != nil {
			f.log.Warn("cosignature not kept", "gateway", gateway, "error", err)
		}
	}
}
