package forward

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// ShareEvery is how often the own acknowledgement is told to the cluster: one small command instead of one a batch.
const ShareEvery = 5 * time.Second

// sealEvery is how often the own seal is told: records are pruned days after it.
const sealEvery = time.Hour

// Sharer tells the cluster how far central has acknowledged the own stream, so that no leader sweeps it, and how far central
// has proven it, so that copies can be pruned.
type Sharer struct {
	Outbox interface {
		Outbox
		Sealed() uint64 // number up to which central has proven the stream
	}
	Cluster interface {
		Ack(ctx context.Context, stream contract.Stream, seq uint64) error
		Seal(ctx context.Context, stream contract.Stream, seq uint64) error
	}
	Every time.Duration // 0 is ShareEvery
	Log   *slog.Logger

	shared, sealed contract.TapID
	sealedAt       time.Time
}

// Run shares until ctx ends and returns nil then.
func (s *Sharer) Run(ctx context.Context) error {
	t := time.NewTicker(orDefault(s.Every, ShareEvery))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			s.share(ctx)
		}
	}
}

func (s *Sharer) share(ctx context.Context) {
	stream := s.Outbox.Stream()
	s.tell(ctx, "acknowledgement", s.Cluster.Ack, contract.TapID{Stream: stream, Seq: s.Outbox.Acknowledged()}, &s.shared)
	if time.Since(s.sealedAt) < sealEvery {
		return
	}
	if s.tell(ctx, "seal", s.Cluster.Seal, contract.TapID{Stream: stream, Seq: s.Outbox.Sealed()}, &s.sealed) {
		s.sealedAt = time.Now()
	}
}

// tell brings a number to the cluster that it was not told last, and reports whether it did.
func (s *Sharer) tell(ctx context.Context, what string, by func(context.Context, contract.Stream, uint64) error, id contract.TapID, last *contract.TapID) bool {
	if id.Seq == 0 || id == *last {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(s.Every, ShareEvery))
	defer cancel()
	if err := by(ctx, id.Stream, id.Seq); err != nil {
		s.Log.Debug("not shared", slog.String("what", what), slog.Any("error", err)) // without quorum this is the normal state
		return false
	}
	*last = id
	return true
}
