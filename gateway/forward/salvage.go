package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Remains are what could be read of a stream whose journal was set aside. There may be holes in it.
type Remains interface {
	From(seq uint64) (first uint64, ok bool) // the lowest number there is at or above seq
	Read(first uint64, maxRecords, maxBytes int) ([][]byte, error)
}

// Salvage brings to central what it lacks of a stream that nobody writes any more, and answers through which number central
// holds the stream then. The records keep their stream and their numbers, so one that a neighbour brings as well counts once.
// What lies behind a hole goes ahead: it counts, and the stream stays incomplete at the hole.
//
// What this journal had acknowledged itself is passed over. What central has besides is sent all the same, for central to
// compare: it may have come from a twin of the journal, under the same numbers.
//
// It goes on until all is there, ctx ends, or central disowns the stream; then it answers the error.
func (u *Uplink) Salvage(ctx context.Context, stream contract.Stream, remains Remains, acknowledged uint64) (through uint64, err error) {
	next, more := remains.From(0)
	most := 1 // its receipt tells what central has
	for failures := 0; more; {
		last, r, err := u.salvage(ctx, stream, remains, next, most)
		if p, ok := errors.AsType[*contract.Problem](err); ok && p.Type == contract.ProblemFork || ctx.Err() != nil {
			return through, fmt.Errorf("salvage stream %s: %w", stream, errors.Join(err, ctx.Err()))
		}
		if err != nil {
			failures++
			u.o.Log.Info("stream not salvaged yet", slog.String("stream", stream.String()), slog.Any("error", err))
			wait(ctx, u.backoff.pause(failures)+after(err), nil)
			continue
		}
		failures, most, through = 0, aheadRecords, max(through, r.Through)
		next, more = remains.From(max(last, min(through, acknowledged)) + 1)
	}
	return through, nil
}

// salvage sends one batch in its turn, or ahead if central lacks what lies before it. It answers the batch's last number.
func (u *Uplink) salvage(ctx context.Context, stream contract.Stream, remains Remains, first uint64, most int) (last uint64, r contract.Receipt, err error) {
	b, err := batch(remains.Read, stream, first, most)
	if err != nil {
		return 0, r, err
	}
	r, err = u.send(ctx, b)
	if p, ok := errors.AsType[*contract.Problem](err); ok && p.Type == contract.ProblemGap {
		r, err = u.deliver(ctx, b, u.o.Central.SendAhead)
	}
	return first + uint64(len(b.Records)) - 1, r, err
}
