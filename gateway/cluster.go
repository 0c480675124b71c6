package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// alone is where a cluster of one is said to listen; nobody calls it.
const alone = "127.0.0.1:7101"

// openCluster starts replication. Without it taps go on and reach central from this gateway's own journal.
func (g *Gateway) openCluster() (err error) {
	o := replicate.Options{
		ID: g.identity.Gateway(), Dir: filepath.Join(g.config.Data, "cluster"), Listen: g.config.Cluster.Listen,
		Secret:     g.secret,
		TLS:        replicate.TLS{Certificate: g.identity.Certificate, Authority: g.identity.Authority, Now: g.identity.Now},
		Registerer: g.registry, Log: g.log,
	}
	for _, m := range g.config.Cluster.Members {
		o.Members = append(o.Members, replicate.Member{ID: m.Gateway, Address: m.Address})
	}
	if len(o.Members) == 0 {
		o.Members = []replicate.Member{{ID: o.ID, Address: alone}}
	}
	if g.cluster, err = replicate.Open(o); err != nil {
		g.cluster = nil
		g.notice("cluster", fmt.Sprintf("taps of this gateway are not copied to others and theirs not here: %v", err))
		return nil
	}
	g.shipper = replicate.NewShipper(g.journal, g.cluster, replicate.ShipperOptions{
		Twin:       func(reason error) error { return g.restream(reason.Error(), 0) },
		Registerer: g.registry, Log: g.log,
	})
	return nil
}

// replication ships, shares acknowledgements and sweeps until ctx ends. Its faults end none but itself.
func (g *Gateway) replication(ctx context.Context) error {
	if g.cluster == nil {
		return g.ship(ctx)
	}
	copies := replicas{g.cluster}
	return runAll(ctx, g.ship,
		(&forward.Sharer{Outbox: g.journal, Cluster: copies, Log: g.log}).Run,
		(&forward.Sweeper{Link: g.link, Cluster: copies, Own: g.journal.Stream}).Run,
	)
}

// twinLook is how often the forwarder is asked whether central disowned the stream.
const twinLook = time.Second

// ship runs the shipper, and stops it while the journal begins a new stream because central disowned the present one.
func (g *Gateway) ship(ctx context.Context) error {
	t := time.NewTicker(twinLook)
	defer t.Stop()
	for ctx.Err() == nil {
		shipping, stop := context.WithCancel(ctx)
		shipped := g.startShipper(shipping)
		disowned := g.awaitDisowned(ctx, t.C)
		stop()
		<-shipped
		if !disowned {
			break
		}
		s := g.forwarder.State()
		if err := g.restream(s.Trouble, max(s.Fork, g.inherited+1)); err != nil {
			g.log.Error("new stream not begun", slog.Any("error", err))
			<-ctx.Done()
		}
	}
	return nil
}

// startShipper runs the shipper, if there is one; the channel is closed when it has ended.
func (g *Gateway) startShipper(ctx context.Context) (ended <-chan struct{}) {
	done := make(chan struct{})
	if g.shipper == nil {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		if err := g.shipper.Run(ctx); err != nil {
			g.notice("cluster", fmt.Sprintf("taps are no longer copied to the cluster: %v; restart the gateway", err))
		}
	}()
	return done
}

// awaitDisowned returns true when central disowned the journal's stream, false when ctx ended.
func (g *Gateway) awaitDisowned(ctx context.Context, look <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-look:
		}
		if s := g.forwarder.State(); s.Stopped() && s.Stream == g.journal.Stream() {
			return true
		}
	}
}

// restreamEvery bounds how often a new stream is begun, should someone disown each.
const restreamEvery = time.Hour

var errRestreamed = errors.New("a new stream was begun within the last hour already; find out why before the gateway is restarted")

// restream begins a new stream because the present one has another history elsewhere: the disk is an old image or a copy.
// Taps of this run, from number from on, are written again into the new stream, since under their old numbers central
// would never take them. From 0 is the first of this run.
func (g *Gateway) restream(reason string, from uint64) error {
	g.appending.Lock()
	defer g.appending.Unlock()
	if time.Since(g.restreamedAt) < restreamEvery {
		return errRestreamed
	}
	old := g.journal.Stream()
	from = max(from, g.inherited+1)
	taps, err := g.tapsFrom(from)
	if err != nil {
		return err
	}
	kept, err := g.journal.NewStream(reason)
	if err != nil {
		return fmt.Errorf("begin new stream: %w", err)
	}
	g.restreamedAt, g.inherited = time.Now(), 0
	for _, r := range taps {
		if _, err := g.journal.Append(r); err != nil {
			return fmt.Errorf("carry tap over: %w", err)
		}
	}
	g.notice("journal", fmt.Sprintf("stream %s ended and %s began with %d taps carried over, because %s; what central lacks of the old one is brought from %s: keep it",
		old, g.journal.Stream(), len(taps), reason, kept))
	if err := journal.MarkCarried(kept, from); err != nil { // what was carried over must not be salvaged besides
		return fmt.Errorf("note what was carried over: %w", err)
	}
	return nil
}

// tapsFrom reads the taps from a number on. Heartbeats stay behind: they speak of their own stream.
func (g *Gateway) tapsFrom(next uint64) ([]contract.Record, error) {
	var taps []contract.Record
	for next <= g.journal.Durable() {
		records, err := g.decoded(next, recallStep)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if r.Heartbeat == nil {
				taps = append(taps, r)
			}
		}
		next += uint64(len(records))
	}
	return taps, nil
}

// replicas is the cluster as the sweeper and the sharer want it.
type replicas struct{ *replicate.Node }

// Replicas implements forward.Cluster.
func (r replicas) Replicas() []forward.Replica {
	var all []forward.Replica
	for _, s := range r.Streams() {
		all = append(all, forward.Replica{Stream: s.Stream, Replicated: s.Replicated, Acknowledged: s.Acknowledged})
	}
	return all
}
