package forward

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// ShareEvery is how often the own acknowledgement is told to the cluster: one small command instead of one a batch.
const ShareEvery = 5 * time.Second

// Sharer tells the cluster how far central has acknowledged the own stream, so that no leader sweeps it.
type Sharer struct {
	Outbox  Outbox
	Cluster interface {
		Ack(ctx context.Context, stream contract.Stream, seq uint64) error
	}
	Every time.Duration // 0 is ShareEvery
	Log   *slog.Logger

	shared contract.TapID
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
	id := contract.TapID{Stream: s.Outbox.Stream(), Seq: s.Outbox.Acknowledged()}
	if id.Seq == 0 || id == s.shared {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(s.Every, ShareEvery))
	defer cancel()
	if err := s.Cluster.Ack(ctx, id.Stream, id.Seq); err != nil {
		s.Log.Debug("acknowledgement not shared", slog.Any("error", err)) // without quorum this is the normal state
		return
	}
	s.shared = id
}
