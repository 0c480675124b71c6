package forward

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// The pace of records that go ahead of a backlog. A batch of them is never full, by which central tells it from a backlog's.
const (
	aheadEvery   = time.Second
	aheadRecords = contract.MaxBatchRecords / 2
	aheadUnknown = 10 * time.Minute // until a central that does not know the path is asked again
)

// stretch is the part of a stream that central has not got, as far as the sender knows.
type stretch struct {
	stream  contract.Stream
	next    uint64 // the backlog goes on here
	durable uint64 // and ends here
	read    func(first uint64, maxRecords, maxBytes int) ([][]byte, error)
}

// lane sends the newest records of a stream ahead while more than one batch of older ones waits. The backlog sends them
// once more, in their turn: only then are they acknowledged. A lane keeps nothing that must survive; it may forget where it was.
type lane struct {
	stream   contract.Stream
	sent     uint64 // greatest number that central has ahead; 0 while the lane is shut
	failures int
	quiet    time.Time // nothing is sent before
	obliged  bool      // because central asked for it, which nothing shortens
	forked   bool      // the stream has two histories
}

// step sends what is new in a stretch. It does so at most once in aheadEvery.
func (l *lane) step(ctx context.Context, link *Uplink, s stretch) {
	if s.stream != l.stream {
		*l = lane{stream: s.stream}
	}
	if s.durable < s.next+contract.MaxBatchRecords {
		l.sent = 0
		return
	}
	now := link.o.Now()
	if l.forked || now.Before(l.quiet) {
		return
	}
	l.quiet, l.obliged = now.Add(aheadEvery), false
	if err := l.send(ctx, link, s); err != nil && ctx.Err() == nil {
		l.rest(link, err)
		link.o.Log.Info("newest records not sent ahead", slog.String("stream", s.stream.String()), slog.Any("error", err))
	}
}

// send goes on behind what was sent ahead, or begins with the newest records. It catches up, but not for long: the rest comes
// with the next step.
func (l *lane) send(ctx context.Context, link *Uplink, s stretch) error {
	first := max(l.sent+1, s.next)
	if l.sent == 0 {
		first = max(s.durable-aheadRecords+1, s.next)
	}
	for range 4 {
		if first > s.durable {
			return nil
		}
		b, err := batch(s.read, s.stream, first, aheadRecords)
		if err != nil {
			return err
		}
		if err := link.sendAhead(ctx, b); err != nil {
			return err
		}
		l.failures = 0
		l.sent = first + uint64(len(b.Records)) - 1
		first = l.sent + 1
	}
	return nil
}

// rest keeps the lane quiet after an error.
func (l *lane) rest(link *Uplink, err error) {
	l.failures++
	d := link.backoff.pause(l.failures)
	if p, ok := errors.AsType[*contract.Problem](err); ok {
		l.forked = p.Type == contract.ProblemFork
		l.obliged = p.RetryAfter > 0
		d += after(err)
		if p.Status == http.StatusNotFound || p.Status == http.StatusMethodNotAllowed {
			d, l.obliged = aheadUnknown, true
		}
	}
	l.quiet = link.o.Now().Add(max(d, aheadEvery))
}

// wake ends a rest that central did not ask for.
func (l *lane) wake() {
	if !l.obliged {
		l.quiet = time.Time{}
	}
}
