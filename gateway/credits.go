package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// recallLook is how often copies are asked for credits that this gateway does not know any more, and how soon central is asked
// again after it did not answer; recallMost is how late.
const (
	recallLook = time.Second
	recallMost = time.Minute
)

// recallCredits takes from the cluster's copies who was credited here within the last day, when the own journal does not reach
// back so far: a new disk, or a stream that was begun anew. Copies may still be coming from the peers, so it looks again for as
// long as a credit counts. No light waits for it.
func (g *Gateway) recallCredits(ctx context.Context) error {
	if !g.young {
		return nil
	}
	next := map[contract.Stream]uint64{}
	for began := time.Now(); time.Since(began) < decide.Remember; {
		before := g.credited.Len()
		g.recallCopies(next)
		if after := g.credited.Len(); after > before {
			g.log.Info("credits recalled from the copies of the cluster", slog.Int("credits", after-before))
		}
		if !sleep(ctx, recallLook) {
			return nil
		}
	}
	return nil
}

// askCredits asks central once for the credits of the last day, for as long as it does not answer: a gateway that is alone has
// no copies. No light waits for it.
func (g *Gateway) askCredits(ctx context.Context) error {
	if !g.young {
		return nil
	}
	for pause := recallLook; ; pause = min(2*pause, recallMost) {
		credits, err := g.central.Credits(ctx)
		if err == nil {
			g.recallTold(credits)
			return nil
		}
		if p, ok := errors.AsType[*contract.Problem](err); ok && p.Status == http.StatusNotFound {
			return nil // central is older than this gateway
		}
		g.log.Debug("central told no credits", slog.Any("error", err))
		if !sleep(ctx, pause) {
			return nil
		}
	}
}

func (g *Gateway) recallTold(told contract.Credits) {
	before := g.credited.Len()
	for _, c := range told.Credits {
		g.credited.Recall(contract.Record{Stamp: contract.Stamp{At: c.At}, Tap: &contract.Tap{Outcome: contract.Accepted, Digest: c.Digest, Session: c.Session}})
	}
	if after := g.credited.Len(); after > before {
		g.log.Info("credits recalled from central", slog.Int("credits", after-before))
	}
}

// recallCopies looks at what came to each stream since the last time; next is the number it goes on from.
func (g *Gateway) recallCopies(next map[contract.Stream]uint64) {
	own := g.journal.Stream()
	for _, s := range g.cluster.Streams() {
		if s.Stream == own {
			continue
		}
		from, err := g.recallCopy(copied{g.cluster, s.Stream}, next[s.Stream], s.Replicated)
		if err != nil {
			g.log.Debug("credits not recalled", slog.String("stream", s.Stream.String()), slog.Any("error", err))
		}
		next[s.Stream] = from // 0 after an error: a snapshot took the copy's place, or a hole is in it
	}
}

// recallCopy takes the credits of one copy from a number on, from the last day if that is 0, and tells where to go on.
func (g *Gateway) recallCopy(c copied, from, through uint64) (next uint64, err error) {
	if from == 0 {
		if from, err = dayBefore(c, through); err != nil {
			return 0, err
		}
	}
	for from <= through {
		records, err := c.Read(from, recallStep)
		if err != nil {
			return 0, err
		}
		for _, r := range records {
			if r.Tap != nil && g.hangsHere(r.Tap.Point) {
				g.credited.Recall(r)
			}
		}
		from += uint64(len(records))
	}
	return from, nil
}

// hangsHere reports whether a point is one of this gateway's readers. What was credited at others it never knew.
func (g *Gateway) hangsHere(point string) bool {
	_, here := g.sources[point]
	return here
}

// copied is one stream in this gateway's copies.
type copied struct {
	cluster *replicate.Node
	stream  contract.Stream
}

// Read implements source. In the place of a record that only a newer build reads stands an empty one.
func (c copied) Read(first uint64, most int) ([]contract.Record, error) {
	raw, err := c.cluster.Read(c.stream, first, most, most*contract.MaxRecord)
	if err != nil {
		return nil, err
	}
	records := make([]contract.Record, len(raw))
	for i, b := range raw {
		records[i], err = contract.DecodeRecord(b)
		if err != nil && !errors.Is(err, contract.ErrRecordVersion) {
			return nil, fmt.Errorf("copy of record %d: %w", first+uint64(i), err)
		}
	}
	return records, nil
}

// gone reports whether a record was pruned or never came.
func gone(err error) bool {
	return errors.Is(err, journal.ErrNotFound) || errors.Is(err, replicate.ErrNotFound)
}
