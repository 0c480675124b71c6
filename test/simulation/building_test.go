package simulation

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/clock"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
	"github.com/rollcall-edge/rollcall/gateway/seal"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
	"github.com/rollcall-edge/rollcall/gateway/writer"
	"github.com/rollcall-edge/rollcall/test/simulation/disk"
)

// The pace of what a gateway does by itself. Raft's clocks and the reports are slower than in the product, so that days fit into
// a minute; none of the promises depends on them.
const (
	beatEvery       = 5 * time.Minute
	reportEvery     = 5 * time.Minute
	shareEvery      = 5 * time.Minute
	askEvery        = 6 * time.Hour // for a new timetable
	raftHeartbeat   = 30 * time.Second
	raftCommit      = 20 * time.Second
	raftLook        = 5 * time.Minute
	segmentBytes    = 1 << 20
	snapshotAfter   = 512
	keptEntries     = 256
	snapshotEvery   = 10 * time.Minute
	disownedLook    = 10 * time.Second
	idleWithin      = 20 * time.Minute // longer than between reports: a handshake costs more than all else
	requestPatience = 40 * time.Second
)

const shelfName = "seals" // of central's daily seals, in a building's directory

// building is a gateway's box: what is on its disk, and the process that runs while it has power.
type building struct {
	world  *world
	name   string // of the gateway, and its host
	papers *papers
	kernel *kernel
	disk   *disk.Disk // the journal
	dir    string     // the cluster's and the timetable's files
	boot   int
	image  *disk.Disk // of an earlier day, to be put back
	stick  *disk.Disk // the journal's mirror; nil without one

	exchanged map[string]int // how often card and stick were

	mu  sync.Mutex // guards everything that follows
	run *run       // nil without power
}

// run is one run of the gateway's program.
type run struct {
	*building
	disk      *disk.Disk // as the building's when this run began
	stick     *disk.Disk // the same
	clock     *clock.Clock
	timetable *timetable.Cache
	credited  *decide.Credited
	journal   *journal.Journal
	mirror    *journal.Mirror // nil without one
	writer    *writer.Writer
	replacing sync.Mutex // held while the journal begins a new stream or closes: nobody asks it then how far it is
	cluster   *replicate.Node
	shelf     *seal.Shelf
	witness   *seal.Witness
	central   *contract.Client
	transport *http.Transport
	link      *forward.Uplink
	forwarder *forward.Forwarder
	startedAt time.Time
	cancel    context.CancelFunc
	work      sync.WaitGroup
}

func (b *building) point() string { return b.name + "/door" }

func (b *building) address() string { return b.name + ":7101" }

// now is the run that has power; nil if there is none.
func (b *building) now() *run {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.run
}

func (b *building) start() error {
	b.world.wire.Up(b.name)
	r := &run{building: b, disk: b.disk, stick: b.stick, startedAt: time.Now(), credited: decide.NewCredited()}
	if err := r.open(); err != nil {
		return fmt.Errorf("start %s: %w", b.name, err)
	}
	b.world.ledger.began(b, r.journal)
	r.disk.Watch(disk.Watch{Of: ".seg", Shown: r.shown, Early: func(was, is uint64) {
		b.world.fault("%s showed others record %d before a flush covered it; it had shown them %d", b.name, is, was)
	}})
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.launch(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.run = r
	return nil
}

func (r *run) open() (err error) {
	w := r.world
	if r.clock, err = clock.Open(clock.Options{Kernel: r.kernel, Boot: r.kernel.Boot(), Log: w.log}); err != nil {
		return err
	}
	r.timetable = timetable.Open(timetable.Options{
		Path: filepath.Join(r.dir, "timetable"), Building: r.name, Log: w.log,
		Authority: func() []*ecdsa.PublicKey { return []*ecdsa.PublicKey{r.papers.authority.PublicKey.(*ecdsa.PublicKey)} },
	})
	key, err := r.journalKey()
	if err != nil {
		return err
	}
	r.journal, err = journal.Open(journal.Options{Dir: cardDir, FS: r.disk, Key: key, SegmentBytes: segmentBytes, ReserveBytes: -1, Log: w.log, Now: r.kernel.Wall})
	if err != nil {
		return err
	}
	r.writer = writer.New(r.journal)
	if err := r.openMirror(); err != nil {
		return err
	}
	r.recallWrecks()
	if err := r.recall(); err != nil {
		return err
	}
	var members []replicate.Member
	for _, b := range w.buildings {
		members = append(members, replicate.Member{ID: b.name, Address: b.address()})
	}
	r.cluster, err = replicate.Open(replicate.Options{
		ID: r.name, Dir: filepath.Join(r.dir, "cluster"), Listen: r.address(), Members: members, Network: line{r.building}, Secret: r.papers.secret, Log: w.log,
		TLS: replicate.TLS{
			Certificate: func() (*tls.Certificate, error) { return &r.papers.certificate, nil },
			Authority:   func() *x509.CertPool { return r.papers.pool }, Now: time.Now,
		},
		HeartbeatWithin: raftHeartbeat, CommitEvery: raftCommit, SnapshotEvery: snapshotEvery, SnapshotAfter: snapshotAfter,
		KeepEntries: keptEntries, SegmentBytes: segmentBytes, ReserveBytes: -1, LookEvery: raftLook,
	})
	if err != nil {
		return err
	}
	r.shelf, err = seal.OpenShelf(filepath.Join(r.dir, shelfName), w.log)
	return err
}

// journalKey is nil for a gateway without a key file.
func (b *building) journalKey() (*journal.Key, error) {
	if b.papers.secret == nil {
		return nil, nil
	}
	return journal.NewKey(b.papers.secret)
}

func (b *building) checkpointKey() ed25519.PrivateKey { return b.papers.checkpoint }

// shown is how far the journal shows its records to cluster and central.
func (r *run) shown() (uint64, bool) {
	if !r.replacing.TryLock() {
		return 0, false
	}
	defer r.replacing.Unlock()
	return r.journal.Durable(), true
}

// recall takes the credits of the journal back, as after any restart.
func (r *run) recall() error {
	for next := uint64(1); next <= r.journal.Durable(); {
		records, err := r.writer.Read(next, 500)
		if err != nil {
			return err
		}
		for _, record := range records {
			r.credited.Recall(record)
			r.clock.Recall(record)
		}
		next += uint64(len(records))
	}
	return nil
}

// line is the network as one host sees it.
type line struct{ *building }

// Listen implements replicate.Network.
func (l line) Listen(address string) (net.Listener, error) { return l.world.wire.Listen(address) }

// Dial implements replicate.Network.
func (l line) Dial(ctx context.Context, address string) (net.Conn, error) {
	return l.world.wire.Dial(ctx, l.name, address)
}

// launch starts what runs beside the taps, joined as gateway.New joins it.
func (r *run) launch(ctx context.Context) {
	r.transport = &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return line{r.building}.Dial(ctx, address)
		},
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS13, RootCAs: r.papers.pool,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &r.papers.certificate, nil },
		},
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: idleWithin, ForceAttemptHTTP2: true,
		HTTP2: &http.HTTP2Config{SendPingTimeout: 5 * time.Second, PingTimeout: 5 * time.Second},
	}
	r.central = &contract.Client{HTTP: &http.Client{Transport: r.transport}, Base: "https://" + centralAddress}
	r.link = forward.NewUplink(forward.Options{Central: r.central, Registerer: prometheus.NewRegistry(), Log: r.world.log})
	r.forwarder = forward.NewForwarder(r.link, r.journal)
	r.forwarder.Notary = seal.New(seal.Options{Journal: r.journal, Gateway: r.name, Key: r.checkpointKey, Log: r.world.log})
	r.witness = seal.NewWitness(seal.WitnessOptions{Copies: r.cluster, Gateway: r.name, Key: r.checkpointKey, Log: r.world.log})
	reporter := forward.NewReporter(r.link, r.central, r.forwarder, reportEvery, r.report)
	reporter.Told, reporter.Day, reporter.Cosign = r.clock.Hear, r.shelf.Keep, r.witness.Consider
	copies := replicas{r.cluster}
	for _, work := range []func(context.Context) error{
		r.forwarder.Run,
		r.forwarder.RunAhead,
		reporter.Run,
		(&forward.Sharer{Outbox: r.journal, Cluster: copies, Every: shareEvery, Log: r.world.log}).Run,
		(&forward.Sweeper{Link: r.link, Cluster: copies, Own: r.journal.Stream}).Run,
		func(ctx context.Context) error { return r.clock.Run(ctx, r.anchor) },
		r.ship, r.beat, r.ask, r.salvage, r.watchStorage,
	} {
		r.work.Go(func() {
			if err := work(ctx); err != nil && ctx.Err() == nil && !r.disk.Cut() {
				r.world.fault("%s: %v", r.name, err)
			}
		})
	}
}

func (r *run) report() contract.Report {
	report := contract.Report{
		Version: contract.ReportVersion, Build: "simulation", At: r.clock.Now().UTC().Round(0), Quality: r.clock.Quality().String(),
		Streams: []contract.StreamState{{Stream: r.journal.Stream(), Durable: r.journal.Durable(), Own: true}},
		Points:  []contract.PointReport{{Point: r.point(), Up: true}},
	}
	report.Day, _ = r.shelf.Last()
	report.Cosigned = r.witness.Cosigned()
	for _, s := range r.cluster.Streams() {
		if s.Stream != report.Streams[0].Stream && s.Replicated > 0 {
			report.Streams = append(report.Streams, contract.StreamState{Stream: s.Stream, Durable: s.Replicated})
		}
	}
	return report
}

// replicas is the cluster as sweeper and sharer want it.
type replicas struct{ *replicate.Node }

// Replicas implements forward.Cluster.
func (r replicas) Replicas() []forward.Replica {
	var all []forward.Replica
	for _, s := range r.Streams() {
		all = append(all, forward.Replica{Stream: s.Stream, Replicated: s.Replicated, Acknowledged: s.Acknowledged})
	}
	return all
}

// tap is the life of a tap inside the building.
func (r *run) tap(digest contract.Digest) shown {
	at, facts := time.Now(), decide.Facts{Point: r.point(), Digest: digest}
	stamp := r.clock.Stamp(at)
	failed := r.disk.Failed()
	d := r.credited.Decide(r.timetable.Index(), facts, stamp.At)
	id, err := r.writer.Append(contract.Record{Stamp: stamp, Tap: &contract.Tap{
		Point: facts.Point, Digest: digest, Evidence: contract.EvidenceCard,
		Outcome: d.Outcome, Reason: d.Reason, Session: d.Session, Timetable: d.Timetable,
	}})
	if err != nil {
		r.credited.Withdraw(facts, d)
	} else if failed {
		r.world.fault("%s answered a tap %s although a flush had failed since it was started", r.name, d.Outcome)
	}
	return shown{Decision: d, building: r.building, digest: digest, at: at.UTC(), stamp: stamp, id: id, amber: err != nil}
}

func (r *run) anchor(a contract.Anchor) error {
	_, _ = r.writer.Append(contract.Record{Stamp: r.clock.Stamp(time.Now()), Anchor: &a}) // watchStorage tells of a disk that failed
	return nil
}

// heard is what the reader heard. Whoever taps does so in no time at all, so what was heard before a heartbeat is in the journal before it.
func (r *run) heard(context.Context, time.Time, time.Time) map[string]bool {
	return map[string]bool{r.point(): true}
}

// beat writes heartbeats until the end is near.
func (r *run) beat(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(r.world.still, stop)
	return writer.Heartbeats{
		Clock: r.clock, Append: r.writer.Append, Heard: r.heard, Shut: r.shut, Every: beatEvery, Now: time.Now, Log: r.world.log,
	}.Run(ctx)
}

func (r *run) shut(last time.Time) (time.Time, bool) {
	x := r.timetable.Index()
	if x == nil {
		return time.Time{}, false
	}
	return x.NextShut(last)
}

// ask fetches the timetable now and then.
func (r *run) ask(ctx context.Context) error {
	for ctx.Err() == nil {
		var have uint64
		if x := r.timetable.Index(); x != nil {
			have = x.Version()
		}
		asking, cancel := context.WithTimeout(ctx, requestPatience)
		s, err := r.central.Timetable(asking, have, 0)
		cancel()
		if err == nil {
			err = r.timetable.Install(s)
		}
		if err != nil && !errors.Is(err, contract.ErrUnchanged) {
			pause(ctx, time.Minute)
			continue
		}
		pause(ctx, askEvery)
	}
	return nil
}

// ship ships, and begins a new stream where cluster or central disown the present one.
func (r *run) ship(ctx context.Context) error {
	return writer.Shipping{Ship: r.runShipper, Disowned: r.disowned, Restream: r.restream, Every: disownedLook}.Run(ctx)
}

func (r *run) runShipper(ctx context.Context) {
	twin := func(reason error) error { return r.restream(reason.Error(), 0) }
	err := replicate.NewShipper(r.journal, r.cluster, replicate.ShipperOptions{Twin: twin, Log: r.world.log}).Run(ctx)
	if err != nil && !r.disk.Cut() && r.journal.Usable() == nil {
		r.world.fault("%s ships no more: %v", r.name, err)
	}
}

func (r *run) restream(reason string, from uint64) error {
	r.replacing.Lock()
	done, err := r.writer.Restream(reason, from)
	if err == nil {
		err = r.retired(done.Kept, done.From)
	}
	r.replacing.Unlock()
	if err == nil {
		r.world.ledger.restreamed(r.building, r.journal, reason)
	}
	return err
}

// watchStorage ends the run after the first storage error, for a fresh start with its audit.
func (r *run) watchStorage(ctx context.Context) error {
	for pause(ctx, time.Second) {
		if err := r.journal.Usable(); errors.Is(err, journal.ErrFailed) {
			select {
			case r.world.ended <- r:
			case <-ctx.Done():
			}
			return nil
		}
	}
	return nil
}

// end takes the building's power away, or ends the program alone and leaves the machine running.
func (b *building) end(power bool) error {
	r := b.now()
	if r == nil {
		return nil
	}
	w := b.world
	w.wire.Down(b.name)
	w.quiesce()
	b.mu.Lock()
	b.run = nil
	b.mu.Unlock()
	before := b.disk
	if power {
		b.disk = before.AfterCut(w.random)
		b.kernel.reboot(w.random)
		w.ledger.clock(b, true)
	} else {
		b.disk = before.AfterKill()
	}
	before.CutIn(0)
	b.endStick(power)
	b.boot++
	next := filepath.Join(w.dir, fmt.Sprintf("%s-%d", b.name, b.boot))
	if err := copyTree(b.dir, next); err != nil {
		return err
	}
	w.ledger.ended(b, r)
	r.cancel()
	_ = r.cluster.Close() // it may say that its peers are gone
	r.work.Wait()
	r.closeMirror()
	r.replacing.Lock()
	_ = r.journal.Close() // it says that the power is gone
	r.replacing.Unlock()
	r.transport.CloseIdleConnections()
	w.remove(b.dir)
	b.dir = next
	return nil
}

// pause returns false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
