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
	SweepAfter = time.Minute     // a stream that has more and did not move for this long is swept
	sweepEvery = 5 * time.Second // how often streams are looked at
)

// Sweeper brings to central, while this gateway leads the cluster, the streams of other gateways whose acknowledgement
// stands still although the cluster holds more: their owner is dead, or cut off from central but not from the cluster.
type Sweeper struct {
	Link    *Uplink
	Cluster Cluster
	Own     func() contract.Stream // the forwarder's, never swept here
	After   time.Duration          // 0 is SweepAfter
	Every   time.Duration          // 0 is five seconds

	watched map[contract.Stream]*watch
	quiet   time.Time // central asked to be left alone until then
}

// watch is what the sweeper saw of one stream.
type watch struct {
	acknowledged uint64
	since        time.Time // when the stream was first seen behind at this acknowledgement; zero if it was not
	swept        uint64    // acknowledgement that the sweeper itself brought about
	forked       bool
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
			s.round(ctx)
		}
	}
}

func (s *Sweeper) round(ctx context.Context) {
	now := s.Link.o.Now()
	for _, r := range s.Cluster.Replicas() {
		if r.Stream == s.Own() || !s.due(r, now) || !s.Cluster.IsLeader() || now.Before(s.quiet) {
			continue
		}
		if err := s.sweep(ctx, r); err != nil && ctx.Err() == nil {
			s.quiet = s.Link.o.Now().Add(after(err))
			s.Link.o.Log.Info("stream not swept", slog.String("stream", r.Stream.String()), slog.Any("error", err))
		}
	}
}

// due keeps watch of a stream and tells whether it is to be swept. Followers watch too, so that a new leader need not
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
	// What was swept once stays ours until its owner moves it: no further minute for each tap.
	if w.swept > 0 && w.swept == r.Acknowledged {
		return true
	}
	return now.Sub(w.since) >= orDefault(s.After, SweepAfter)
}

// sweep drains one stream. It stops at the first error; the next round goes on from the acknowledgement.
func (s *Sweeper) sweep(ctx context.Context, r Replica) error {
	next := r.Acknowledged + 1
	for next <= r.Replicated && s.Cluster.IsLeader() {
		then, err := s.step(ctx, r.Stream, next)
		if err != nil {
			return err
		}
		next = then
	}
	if next <= r.Acknowledged+1 {
		return nil
	}
	if err := s.Cluster.Ack(ctx, r.Stream, next-1); err != nil {
		return fmt.Errorf("share acknowledgement of %s: %w", r.Stream, err)
	}
	s.watched[r.Stream].swept = next - 1
	return nil
}

// step sends one batch and returns the number that is to be sent next.
func (s *Sweeper) step(ctx context.Context, stream contract.Stream, next uint64) (uint64, error) {
	read := func(first uint64, n, octets int) ([][]byte, error) { return s.Cluster.Read(stream, first, n, octets) }
	b, err := batch(read, stream, next, contract.MaxBatchRecords)
	if err != nil {
		return 0, err
	}
	receipt, err := s.Link.send(ctx, b)
	p, refused := errors.AsType[*contract.Problem](err)
	switch {
	case refused && p.Type == contract.ProblemFork:
		s.watched[stream].forked = true
		return 0, fmt.Errorf("sweep %s: stream is quarantined at central: %w", stream, err)
	case refused && p.Type == contract.ProblemGap && p.Expected > 0 && p.Expected < next:
		return p.Expected, nil // strictly downwards, so this ends
	case err != nil:
		return 0, err
	case receipt.Through < next:
		return 0, fmt.Errorf("sweep %s: %w: through %d of a batch from %d", stream, ErrReceipt, receipt.Through, next)
	}
	return receipt.Through + 1, nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
