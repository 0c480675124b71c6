package gateway

import (
	"context"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/clock"
)

// neighbourLook is how often neighbours' records are asked for the time while it is not known.
const neighbourLook = 5 * time.Second

// heedNeighbours learns from the newest records of other gateways that their time has passed, until ctx ends and while this one
// does not know the time. They come every minute and are here within a second.
func (g *Gateway) heedNeighbours(ctx context.Context) error {
	for {
		if !g.clock.Sure() {
			g.heedOnce()
		}
		if !sleep(ctx, neighbourLook) {
			return nil
		}
	}
}

func (g *Gateway) heedOnce() {
	own := g.journal.Stream()
	for _, s := range g.replicas() {
		if s.Stream == own || s.Replicated == 0 {
			continue
		}
		raw, err := g.cluster.Read(s.Stream, s.Replicated, 1, contract.MaxRecord)
		if err != nil || len(raw) == 0 {
			continue // it is filled from the peers; there is a next look
		}
		r, err := contract.DecodeRecord(raw[0])
		if err != nil {
			g.log.Debug("neighbour's record tells no time", slog.Any("error", err))
			continue
		}
		if at, sure := clock.Vouched(r); sure {
			g.clock.Passed(at)
			g.identity.NotBefore(at)
		}
	}
}
