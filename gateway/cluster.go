package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/console"
	"github.com/rollcall-edge/rollcall/gateway/directory"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
	"github.com/rollcall-edge/rollcall/gateway/seal"
	"github.com/rollcall-edge/rollcall/gateway/writer"
)

// alone is where a cluster of one is said to listen; nobody calls it.
const alone = "127.0.0.1:7101"

// errMoved ends a run so that the gateway begins anew as a member of another cluster, or of none.
var errMoved = errors.New("this gateway belongs to another cluster now")

// openDirectory recalls what central said of clusters and certificates.
func (g *Gateway) openDirectory() error {
	g.directory = directory.Open(directory.Options{
		Path: filepath.Join(g.config.Data, "directory"), Gateway: g.identity.Gateway(), Authority: g.identity.AuthorityKeys, Former: g.identity.FormerKeys,
		Passed: g.identity.NotBefore, Log: g.log,
	})
	return nil
}

// openCluster starts replication. Without it taps go on and reach central from this gateway's own journal.
func (g *Gateway) openCluster() (err error) {
	g.awaitDirectory()
	o := g.clusterOptions()
	if g.cluster, err = replicate.Open(o); err != nil {
		g.cluster = nil
		g.notice("cluster", fmt.Sprintf("taps of this gateway are not copied to others and theirs not here: %v", err))
		return nil
	}
	g.shipper = replicate.NewShipper(g.journal, g.cluster, replicate.ShipperOptions{
		Twin:       func(reason error) error { return g.restream(reason.Error(), 0) },
		Registerer: g.registry, Log: g.log,
	})
	g.witness = seal.NewWitness(seal.WitnessOptions{Copies: g.cluster, Gateway: g.identity.Gateway(), Key: g.identity.CheckpointKey, Log: g.log})
	g.reporter.Cosign = g.witness.Consider
	return nil
}

// firstWord is how long a gateway that was never in a cluster waits for central to say whether it is to be in one. A spare
// for a dead gateway that began as a founder does would bring a vote which forgot what it was for.
const firstWord = 3 * time.Second

// awaitDirectory asks central once, before anything is founded. A gateway always starts: without an answer its
// configuration counts.
func (g *Gateway) awaitDirectory() {
	if _, err := os.Stat(g.clusterDir()); err == nil || g.directory.Current() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), firstWord)
	defer cancel()
	if err := g.following().Once(ctx, 0); err != nil {
		g.log.Info("central did not say which cluster this gateway is in", slog.Any("error", err))
	}
}

func (g *Gateway) clusterDir() string { return filepath.Join(g.config.Data, "cluster") }

func (g *Gateway) following() *directory.Refresh {
	return &directory.Refresh{Cache: g.directory, Central: g.central, Log: g.log}
}

// clusterOptions are those of the cluster that central has put this gateway into, else those of the configuration.
func (g *Gateway) clusterOptions() replicate.Options {
	o := replicate.Options{
		ID: g.identity.Gateway(), Dir: g.clusterDir(), Listen: g.config.Cluster.Listen, Join: g.config.Cluster.Join,
		Secret:    g.secret,
		TLS:       replicate.TLS{Certificate: g.identity.Certificate, Authority: g.identity.Authority, Now: g.identity.Now, Learn: g.identity.Learn, Refuse: g.refuse},
		Directory: g.directory, Build: g.o.Version, Registerer: g.registry, Log: g.log,
		Today: func() (time.Time, bool) { return g.clock.TimeOf(g.clock.Now()), g.clock.Sure() },
	}
	if d := g.directory.Current(); d != nil && d.Cluster != "" {
		g.belongs = d.Cluster
		asToldBy(d, &o)
		return o
	}
	for _, m := range g.config.Cluster.Members {
		o.Members = append(o.Members, replicate.Member{ID: m.Gateway, Address: m.Address})
	}
	if len(o.Members) == 0 {
		o.Members = []replicate.Member{{ID: o.ID, Address: alone}}
	}
	return o
}

// asToldBy fills in a cluster from a directory. A founder is told of all founders, whoever comes later of all members.
func asToldBy(d *contract.Directory, o *replicate.Options) {
	o.Desired = desiredBy(d)
	self, _ := d.Member(o.ID)
	list := d.Members
	if o.Join = !self.Founder; self.Founder {
		list = d.Founders
	}
	for _, m := range list {
		o.Members = append(o.Members, replicate.Member{ID: m.Gateway, Address: m.Address})
	}
	if _, port, err := net.SplitHostPort(self.Address); err == nil && o.Listen == "" {
		o.Listen = net.JoinHostPort("", port)
	}
}

func desiredBy(d *contract.Directory) replicate.Desired {
	want := replicate.Desired{Version: d.Revision}
	for _, m := range d.Members {
		list := &want.NonVoters
		if m.Voter {
			list = &want.Voters
		}
		*list = append(*list, replicate.Member{ID: m.Gateway, Address: m.Address})
	}
	return want
}

// followDirectory acts on what central says until ctx ends. When this gateway was put into another cluster, it ends with
// errMoved.
func (g *Gateway) followDirectory(ctx context.Context) error {
	for {
		changed := g.directory.Changed()
		if err := g.obey(g.directory.Current()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// refuse says why a peer's certificate no longer counts, also that of a connection made long ago.
func (g *Gateway) refuse(gateway string, leaf *x509.Certificate) error {
	if err := g.identity.Believes(leaf); err != nil {
		return fmt.Errorf("certificate of %s: %w", gateway, err)
	}
	return g.directory.Refuse(gateway, leaf)
}

// obey brings a directory to bear: who may still speak, who is wanted in the cluster, and whether this gateway is in it.
func (g *Gateway) obey(d *contract.Directory) error {
	if d == nil {
		return nil
	}
	if err := g.identity.Trust(d.Trust); err != nil {
		g.notice("authority", fmt.Sprintf("what central says of the campus authority is not kept: %v", err))
	}
	if g.cluster == nil {
		return nil
	}
	if d.Cluster != g.belongs {
		g.log.Warn("central moves this gateway", slog.String("from", g.belongs), slog.String("to", d.Cluster))
		if g.belongs != "" { // what was begun by a configuration file may be the same cluster
			if err := g.cluster.Depart(); err != nil {
				return err
			}
		}
		return errMoved
	}
	if d.Cluster == "" {
		g.cluster.Recheck()
		return nil
	}
	g.cluster.Want(desiredBy(d))
	return nil
}

// replication ships, shares acknowledgements and sweeps until ctx ends. Its faults end none but itself.
func (g *Gateway) replication(ctx context.Context) error {
	if g.cluster == nil {
		return g.ship(ctx)
	}
	copies := replicas{g.cluster}
	return runAll(ctx, g.ship, g.heedNeighbours, g.recallCredits,
		(&forward.Sharer{Outbox: g.journal, Cluster: copies, Log: g.log}).Run,
		(&forward.Sweeper{Link: g.link, Cluster: copies, Own: g.journal.Stream}).Run,
	)
}

// twinLook is how often forwarder and mirror are asked whether the stream has another history elsewhere.
const twinLook = time.Second

// ship runs the shipper, and stops it while the journal begins a new stream because central disowned the present one, or its
// mirror knows another.
func (g *Gateway) ship(ctx context.Context) error {
	s := writer.Shipping{Disowned: g.disowned, Restream: g.restream, Every: twinLook}
	if g.shipper != nil {
		s.Ship = g.runShipper
	}
	if err := s.Run(ctx); err != nil {
		g.log.Error("new stream not begun", slog.Any("error", err))
		<-ctx.Done()
	}
	return nil
}

// disowned is forward.Forwarder.Disowned, with the mirror's word after central's.
func (g *Gateway) disowned() (reason string, from uint64, gone bool) {
	if reason, from, gone = g.forwarder.Disowned(); gone {
		return reason, from, true
	}
	reason = g.twinOnMirror()
	return reason, 0, reason != ""
}

func (g *Gateway) runShipper(ctx context.Context) {
	if err := g.shipper.Run(ctx); err != nil {
		g.notice("cluster", fmt.Sprintf("taps are no longer copied to the cluster: %v; restart the gateway", err))
	}
}

// restream begins a new stream, as writer.Restream, and tells of it.
func (g *Gateway) restream(reason string, from uint64) error {
	g.restreaming.Lock()
	defer g.restreaming.Unlock()
	r, err := g.writer.Restream(reason, from)
	if err != nil {
		return err
	}
	g.notice("journal", fmt.Sprintf("stream %s ended and %s began with %d taps carried over, because %s; what central lacks of the old one is brought from %s: keep it",
		r.Was, g.journal.Stream(), r.Taps, reason, r.Kept))
	if err := journal.MarkCarried(r.Kept, r.From); err != nil { // what was carried over must not be salvaged besides
		return fmt.Errorf("note what was carried over: %w", err)
	}
	return nil
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

// consoleCluster is the cluster as the console wants it: nil when there is none.
func (g *Gateway) consoleCluster() console.Cluster {
	if g.cluster == nil {
		return nil
	}
	return g.cluster
}

// RecoverCluster makes this gateway, which must not run, a cluster of its own: see replicate.Recover.
func RecoverCluster(c *config.Gateway, log *slog.Logger) (replicate.Recovered, error) {
	i, err := identity.Open(identity.Options{Dir: identityDir(c), Log: log})
	if err != nil {
		return replicate.Recovered{}, err
	}
	secret, err := LoadSecret(c)
	if err != nil {
		return replicate.Recovered{}, err
	}
	address := alone
	for _, m := range c.Cluster.Members {
		if m.Gateway == i.Gateway() {
			address = m.Address
		}
	}
	return replicate.Recover(replicate.Options{ID: i.Gateway(), Dir: filepath.Join(c.Data, "cluster"), Secret: secret, Log: log},
		[]replicate.Member{{ID: i.Gateway(), Address: address}})
}
