package capture

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// How Heard waits.
const (
	heardWithin = 2 * time.Second        // a reader that gave no sign of life by then is not spoken for
	heardLook   = 20 * time.Millisecond  // how often its state is looked at
	handedAfter = 100 * time.Millisecond // a driver that has a Read offers it to the dispatcher by then
	silentAfter = 300 * time.Millisecond // and a push-only one has also parsed whatever the line had received before
)

// Heard tells for each reader whether it could hear during the whole of since..at and every Read it made up to at has been
// answered. Both moments must carry the monotonic reading.
//
// A supervised reader is spoken for once a frame of it was handled that arrived after at: frames are handled in order, so
// every older Read is at least on offer to the dispatcher. A mark then goes the way of every Read, behind all that is on
// offer, through the dispatcher and the reader's queue; where it arrives, all before it is answered. The silence of a
// push-only reader says nothing; its line is given the time to hand over what it had received.
func (c *Capture) Heard(ctx context.Context, since, at time.Time) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, heardWithin)
	defer cancel()
	var mu sync.Mutex // guards heard
	heard := map[string]bool{}
	var lines sync.WaitGroup
	for _, l := range c.lines {
		for _, reader := range l.bus.Readers {
			lines.Go(func() {
				ok := l.settled(ctx, reader, at) && l.passed(ctx, reader) && l.upSince(reader, since)
				mu.Lock()
				defer mu.Unlock()
				heard[reader] = ok
			})
		}
	}
	lines.Wait()
	return heard
}

// settled waits until the driver can hold no Read of a reader from before at.
func (l *line) settled(ctx context.Context, reader string, at time.Time) bool {
	for {
		s, ok := l.status(reader)
		if !ok || !s.Up {
			return false
		}
		switch passed := l.capture.o.Now().Sub(at); {
		case s.Supervised && s.HeardAt.After(at) && passed >= handedAfter, !s.Supervised && passed >= silentAfter:
			return true
		}
		if pause(ctx, heardLook); ctx.Err() != nil {
			return false
		}
	}
}

// passed sends a mark the way of the Reads and waits until it arrives.
func (l *line) passed(ctx context.Context, reader string) bool {
	reached := make(chan struct{}, 1)
	select {
	case l.marks <- mark{reader: reader, reached: reached}:
	case <-ctx.Done():
		return false
	}
	select {
	case <-reached:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *line) upSince(reader string, since time.Time) bool {
	s, ok := l.status(reader)
	return ok && s.Up && !s.Since.After(since)
}

func (l *line) status(reader string) (drivers.Status, bool) {
	for _, s := range l.bus.Driver.Status() {
		if s.Reader == reader {
			return s, true
		}
	}
	return drivers.Status{}, false
}
