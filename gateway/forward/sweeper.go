package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// The sweeper's pace.
const (
	SweepAfter = time.Minute     // a stream that has more and did not move for this long is swept by the leader, after twice this by any other
	sweepEvery = 2 * time.Second // how often streams are looked at
)

// Sweeper brings to central the streams of other gateways whose acknowledgement stands still although the cluster holds
// more: their owner is dead, has left the cluster, or is cut off from central but not from the cluster. The leader does it; where
// its way to central is cut as well, the others do.
type Sweeper struct {
	Link    *Uplink
	Cluster Cluster
	Own     func() contract.Stream // the forwarder's, never swept here
	After   time.Duration          // 0 is SweepAfter
	Every   time.Duration          // 0 is two seconds

	watched map[contract.Stream]*watch
	quiet   time.Time // central asked to be left alone until then
}

// watch is what the sweeper saw of one stream, and how far it brought it.
type watch struct {
	acknowledged uint64
	since        time.Time // when the stream was first seen behind at this acknowledgement; zero if it was not
	next         uint64    // goes to central next; 0 before the first
	known        uint64    // acknowledgement at the last batch
	shared       uint64    // acknowledgement that this sweeper itself brought about
	sharedAt     time.Time
	forked       bool
	failures     int
	quiet        time.Time // after a failure
	lane         lane
}

// Run sweeps until ctx ends and returns nil then.
func (s *Sweeper) Run(ctx context.Context) error {
	s.watched = map[contract.Stream]*watch{}
	t := time.NewTicker(orDefault(s.Every, sweepEvery))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			for s.pass(ctx) {
			}
		}
	}
}

// pass sends one batch of every stream that is due, so that a week of one gateway does not hold up the day of another, and
// reports whether more of them waits.
func (s *Sweeper) pass(ctx context.Context) (more bool) {
	var waiting uint64
	for _, r := range s.Cluster.Replicas() {
		if r.Stream == s.Own() {
			continue
		}
		waiting += r.Replicated - min(r.Acknowledged, r.Replicated)
		if ctx.Err() == nil && s.due(r, s.Link.o.Now()) && s.sweep(ctx, r) {
			more = true
		}
	}
	s.Link.meters.others.Set(float64(waiting))
	return more && ctx.Err() == nil
}

// due keeps watch of a stream and tells whether a batch of it is to be sent. Followers watch too, so that a new leader need not
// wait for another minute.
func (s *Sweeper) due(r Replica, now time.Time) bool {
	w := s.watched[r.Stream]
	if w == nil {
		w = &watch{}
		s.watched[r.Stream] = w
	}
	if w.forked || r.Replicated <= r.Acknowledged {
		w.since = time.Time{}
		return false
	}
	if w.since.IsZero() || r.Acknowledged != w.acknowledged {
		w.acknowledged, w.since = r.Acknowledged, now
	}
	if now.Before(s.quiet) || now.Before(w.quiet) {
		return false
	}
	// What was swept once stays ours until its owner moves it: no further minute for each tap.
	if w.shared > 0 && w.shared == r.Acknowledged {
		return true
	}
	patience := orDefault(s.After, SweepAfter)
	if !s.Cluster.IsLeader() {
		patience *= 2
	}
	return now.Sub(w.since) >= patience
}

// sweep sends one batch of a stream, and its newest records ahead if more waits. It reports whether more does.
func (s *Sweeper) sweep(ctx context.Context, r Replica) (more bool) {
	w := s.watched[r.Stream]
	w.follow(r.Acknowledged)
	var err error
	if w.next <= r.Replicated {
		err = s.step(ctx, r, w)
	}
	if err != nil {
		s.rest(ctx, r.Stream, w, err)
		return false
	}
	w.failures = 0
	if err := s.share(ctx, r, w); err != nil {
		s.Link.o.Log.Info("acknowledgement not shared", slog.Any("error", err)) // without quorum this is the normal state
	}
	w.lane.step(ctx, s.Link, stretch{stream: r.Stream, next: w.next, durable: r.Replicated,
		read: func(first uint64, n, octets int) ([][]byte, error) { return s.Cluster.Read(r.Stream, first, n, octets) }})
	return w.next <= r.Replicated
}

// follow goes on behind what others brought to central. An acknowledgement that did not move says nothing: central may have lost
// what it covers, and asked for it again.
func (w *watch) follow(acknowledged uint64) {
	if acknowledged != w.known || w.next == 0 {
		w.next = max(w.next, acknowledged+1)
	}
	w.known = acknowledged
}

// rest keeps a stream waiting after a failure, and all of them where central asked for it.
func (s *Sweeper) rest(ctx context.Context, stream contract.Stream, w *watch, err error) {
	if ctx.Err() != nil {
		return
	}
	now := s.Link.o.Now()
	w.failures++
	w.quiet = now.Add(s.Link.backoff.pause(w.failures))
	s.quiet = now.Add(after(err))
	s.Link.o.Log.Info("stream not swept", slog.String("stream", stream.String()), slog.Any("error", err))
}

// share tells the cluster how far a stream is at central: at its end, and now and then on the way.
func (s *Sweeper) share(ctx context.Context, r Replica, w *watch) error {
	done := w.next - 1
	if now := s.Link.o.Now(); done <= r.Acknowledged || done < r.Replicated && now.Sub(w.sharedAt) < ShareEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ShareEvery)
	defer cancel()
	if err := s.Cluster.Ack(ctx, r.Stream, done); err != nil {
		return fmt.Errorf("acknowledgement of %s: %w", r.Stream, err)
	}
	w.shared, w.sharedAt = done, s.Link.o.Now()
	return nil
}

// step sends one batch and moves on as central answers.
func (s *Sweeper) step(ctx context.Context, r Replica, w *watch) error {
	read := func(first uint64, n, octets int) ([][]byte, error) { return s.Cluster.Read(r.Stream, first, n, octets) }
	b, err := batch(read, r.Stream, w.next, contract.MaxBatchRecords)
	if err != nil {
		return err
	}
	receipt, err := s.Link.send(ctx, b)
	p, refused := errors.AsType[*contract.Problem](err)
	switch {
	case refused && p.Type == contract.ProblemFork:
		w.forked = true
		return fmt.Errorf("sweep %s: stream is quarantined at central: %w", r.Stream, err)
	case refused && p.Type == contract.ProblemGap && p.Expected > 0 && p.Expected < w.next:
		w.next = p.Expected // strictly downwards, so this ends
		return nil
	case err != nil:
		return err
	case receipt.Through < w.next:
		return fmt.Errorf("sweep %s: %w: through %d of a batch from %d", r.Stream, ErrReceipt, receipt.Through, w.next)
	}
	w.next = receipt.Through + 1
	return nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
