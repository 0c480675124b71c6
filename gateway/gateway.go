// Package gateway is the assembly of one building's appliance: every part is made here, in the order a tap passes them,
// and runs until the context ends. What the parts do is in their own folders; this one only joins them.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers/ble"
	"github.com/rollcall-edge/rollcall/gateway/capture"
	"github.com/rollcall-edge/rollcall/gateway/clock"
	"github.com/rollcall-edge/rollcall/gateway/console"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/directory"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
	"github.com/rollcall-edge/rollcall/gateway/seal"
	"github.com/rollcall-edge/rollcall/gateway/status"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
	"github.com/rollcall-edge/rollcall/gateway/writer"
)

// ErrStorage means the disk failed: no tap can be kept any more, and only a fresh start with its audit may try again.
// The program exits with status 3.
var ErrStorage = errors.New("storage failed")

// Options are what a Gateway needs besides its configuration.
type Options struct {
	Version string       // release, shown on the page and told to central
	Worker  []string     // command that runs the Bluetooth worker
	Log     *slog.Logger // nil discards

	oneDisk bool // a mirror may lie on the journal's disk: a test has no other
}

// Gateway is one running gateway.
type Gateway struct {
	config    *config.Gateway
	o         Options
	log       *slog.Logger
	registry  *prometheus.Registry
	startedAt time.Time
	sources   map[string]string // reader → driver, the label of taps_total

	secret    []byte // encrypts what is stored; nil when nothing is
	identity  *identity.Identity
	clock     *clock.Clock
	timetable *timetable.Cache
	credited  *decide.Credited
	journal   *journal.Journal
	writer    *writer.Writer
	mirror    *journal.Mirror    // nil when none is configured
	cluster   *replicate.Node    // nil when it could not be opened: taps go on without
	shipper   *replicate.Shipper // nil likewise
	directory *directory.Cache
	young     bool   // the own journal may not reach back a day: credits are recalled from copies
	belongs   string // the cluster central had put this gateway into when replication was opened; empty: none
	capture   *capture.Capture
	central   *contract.Client
	hangUp    func() // lets connections to central end, and makes others for what is asked from now on
	forwarder *forward.Forwarder
	notary    *seal.Notary
	shelf     *seal.Shelf
	witness   *seal.Witness // nil without a cluster
	link      *forward.Uplink
	reporter  *forward.Reporter
	radio     *ble.Supervisor // nil when not wanted
	status    *status.Server
	console   *console.Server
	recent    *console.Taps
	taps      *prometheus.CounterVec

	restreaming sync.Mutex // held until it is noted what a new stream has taken along

	mu      sync.Mutex // guards everything that follows
	notices []status.Warning
}

// New makes every part. It fails only where no tap could be kept: without an identity there are no digests, without a
// journal no disk. Everything else that is missing becomes a warning.
func New(c *config.Gateway, o Options) (*Gateway, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{config: c, o: o, log: o.Log, registry: newRegistry(o.Version), startedAt: time.Now(), sources: map[string]string{}, recent: console.NewTaps()}
	for _, step := range []func() error{g.openSecret, g.openClock, g.openIdentity, g.openDirectory, g.openKept, g.openUplink, g.openCluster, g.openReaders, g.openRadio} {
		if err := step(); err != nil {
			return nil, errors.Join(err, g.Close())
		}
	}
	g.status = status.New(status.Options{Listen: c.Status.Listen, Snapshot: g.snapshot, Healthy: g.healthy, Gatherer: g.registry, Log: g.log})
	g.console = console.New(console.Options{Socket: console.Socket(c.Data), Lines: g.capture, Taps: g.recent, Cluster: g.consoleCluster(), Log: g.log})
	return g, nil
}

// Run taps until ctx ends and returns nil then; ErrStorage means the disk failed, errMoved that a Gateway made anew would
// be in another cluster.
func (g *Gateway) Run(ctx context.Context) error {
	return runAll(ctx,
		g.capture.Run,
		g.heartbeats().Run,
		g.status.Run,
		g.console.Run,
		func(ctx context.Context) error { return g.clock.Run(ctx, g.keepAnchor) },
		(&timetable.Refresh{Cache: g.timetable, Central: g.central, Log: g.log}).Run,
		g.following().Run,
		g.followDirectory,
		g.forwarder.Run,
		g.forwarder.RunAhead,
		g.reporter.Run,
		g.replication,
		g.askCredits,
		g.salvage,
		g.prune,
		g.watchStorage,
		(&identity.Renewal{Identity: g.identity, Central: g.central, Renewed: g.hangUp, Log: g.log}).Run,
		g.listenForBeacons,
	)
}

// Close ends what New opened, after Run has returned and therefore the last tap is answered and its light shown: leadership
// is handed over while the journal can still be read, Raft closes, and the journal last, since all before it writes there.
func (g *Gateway) Close() error {
	var errs []error
	if g.hangUp != nil {
		g.hangUp()
	}
	if g.cluster != nil {
		errs = append(errs, g.cluster.Close())
	}
	if g.mirror != nil {
		g.mirror.Close(mirrorWithin)
	}
	if g.journal != nil {
		errs = append(errs, g.journal.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close gateway: %w", err)
	}
	return nil
}

func (g *Gateway) openIdentity() (err error) {
	g.identity, err = identity.Open(identity.Options{
		Dir: identityDir(g.config), Registerer: g.registry, Log: g.log,
		Now: func() time.Time { return g.clock.TimeOf(g.clock.Now()) }, Sure: g.clock.Sure,
	})
	return err
}

func identityDir(c *config.Gateway) string { return filepath.Join(c.Data, "identity") }

func (g *Gateway) openClock() (err error) {
	g.clock, err = clock.Open(clock.Options{Registerer: g.registry, Log: g.log})
	return err
}

// openKept reads the journal and the timetable at the same time, one from the disk and the other with the processor: between
// them they are most of the wait for the first blue light.
func (g *Gateway) openKept() error {
	var reading errgroup.Group
	reading.Go(g.openJournal)
	reading.Go(g.openTimetable)
	return reading.Wait()
}

func (g *Gateway) openJournal() (err error) {
	key, err := journalKey(g.secret)
	if err != nil {
		return err
	}
	g.journal, err = journal.Open(journal.Options{Dir: journalDir(g.config), Key: key, Registerer: g.registry, Log: g.log})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	if q, ok := g.journal.Quarantined(); ok {
		g.notice("journal", fmt.Sprintf("the journal was damaged (%s) and lies in %s now: keep it; what central lacks of it and can be read is brought there, the rest will be named here", q.Reason, q.Dir))
	}
	g.credited, g.writer = decide.NewCredited(), writer.New(g.journal)
	if err := g.openMirror(); err != nil {
		return err
	}
	g.recallWrecks()
	return g.recall()
}

func (g *Gateway) openTimetable() error {
	g.timetable = timetable.Open(timetable.Options{
		Path: filepath.Join(g.config.Data, "timetable"), Building: g.identity.Building(), Authority: g.identity.AuthorityKeys, Former: g.identity.FormerKeys,
		Registerer: g.registry, Log: g.log,
	})
	return nil
}

func (g *Gateway) openUplink() error {
	g.central, g.hangUp = newClient(g.config.Central.URL, (&net.Dialer{Timeout: dialWithin}).DialContext, g.identity.ClientTLS)
	g.central.HTTP.Transport = timeteller{g.central.HTTP.Transport, g.identity}
	g.link = forward.NewUplink(forward.Options{Central: g.central, Registerer: g.registry, Log: g.log})
	g.forwarder = forward.NewForwarder(g.link, g.journal)
	g.notary = seal.New(seal.Options{Journal: g.journal, Gateway: g.identity.Gateway(), Key: g.identity.CheckpointKey, Log: g.log})
	g.forwarder.Notary = g.notary
	g.reporter = forward.NewReporter(g.link, g.central, g.forwarder, 0, g.report)
	g.reporter.Told = g.clock.Hear
	shelf, err := seal.OpenShelf(filepath.Join(g.config.Data, "seals"), g.log)
	if err != nil {
		return err
	}
	g.shelf, g.reporter.Day = shelf, shelf.Keep
	return nil
}

func (g *Gateway) openReaders() error {
	for _, b := range g.config.Buses {
		for _, r := range b.Readers {
			g.sources[r.Point] = b.Driver
		}
	}
	g.taps = newTaps(g.registry)
	g.registry.MustRegister(newAsides(g))
	buses := openLines(g.config, g.registry, g.log, g.notice)
	g.capture = capture.New(capture.Options{Buses: buses, Handler: g, Lights: lights{g}, Registerer: g.registry, Log: g.log})
	return nil
}

// notice keeps a warning until the gateway is restarted.
func (g *Gateway) notice(name, text string) {
	g.log.Warn("notice", slog.String("name", name), slog.String("text", text))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notices = append(g.notices, status.Warning{Name: name, Text: text})
}
