package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

const (
	storageLook = time.Second
	amberFor    = 3 * time.Second     // shown before the program ends and its lights go off
	retention   = 30 * 24 * time.Hour // acknowledged records stay that long
	pruneEvery  = time.Hour
)

// healthy is nil while a tap could be kept now.
func (g *Gateway) healthy() error { return g.journal.Usable() }

// Alive implements Living: it goes through the locks that a tap goes through.
func (g *Gateway) Alive() {
	g.writer.Alive()
	g.credited.Len()
	g.capture.Status()
}

// watchStorage ends the gateway after the first storage error: a store that failed once acknowledges what it later loses.
// The readers show amber meanwhile, since the journal's error is latched.
func (g *Gateway) watchStorage(ctx context.Context) error {
	for {
		if err := g.storageFailed(); err != nil {
			g.log.Error("storage failed; ending for a fresh start", slog.Any("error", err))
			sleep(ctx, amberFor)
			return fmt.Errorf("%w: %w", ErrStorage, err)
		}
		if !sleep(ctx, storageLook) {
			return nil
		}
	}
}

func (g *Gateway) storageFailed() error {
	if err := g.journal.Usable(); errors.Is(err, journal.ErrFailed) || errors.Is(err, journal.ErrClosed) {
		return err
	}
	if g.cluster == nil {
		return nil
	}
	select {
	case err := <-g.cluster.Failed():
		return err
	default:
		return nil
	}
}

// prune lets go of what central has held for a month. A clock that nobody vouches for might be a year ahead.
func (g *Gateway) prune(ctx context.Context) error {
	for {
		if !g.clock.Sure() {
			g.log.Info("journal is not pruned while the time is not known")
		} else {
			g.pruneAt(g.clock.TimeOf(g.clock.Now()))
		}
		if !sleep(ctx, pruneEvery) {
			return nil
		}
	}
}

func (g *Gateway) pruneAt(now time.Time) {
	if err := g.journal.Prune(now.Add(-retention)); err != nil {
		g.log.Error("journal not pruned", slog.Any("error", err))
	}
	if err := g.pruneAside(now); err != nil {
		g.log.Error("what was set aside is not pruned", slog.Any("error", err))
	}
}
