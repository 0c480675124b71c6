package replicate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

const (
	logDir       = "raft"
	cachedEntry  = 128 // entries followers are usually served from, 8 MiB at most
	pooledConns  = 3
	peersWithin  = 5 * time.Second // for one call to a peer
	enterWithin  = 2 * time.Second // for a command to be taken up by Raft
	eventsQueued = 64
)

// Node is this gateway's part of its cluster. All methods are safe for concurrent use.
type Node struct {
	o       Options
	members members // of Options.Members, ordered by name
	roster  *roster
	fault   *fault
	journal *journal.Log // Raft's log
	logs    *logStore
	replica *replica
	port    *port
	caller  *caller
	fellows *fellows
	raft    *raft.Raft
	network *raft.NetworkTransport
	metrics *nodeMetrics

	gatherer *gatherer // of commands that this gateway, as the leader, commits

	observer *raft.Observer
	events   chan raft.Observation
	closing  chan struct{}  // closed when Raft is about to stop
	work     sync.WaitGroup // what Open started
	commands sync.WaitGroup // those given to Raft and not answered yet
	once     sync.Once
	closed   error

	leaderChanges atomic.Uint64
	newcomer      atomic.Bool
	waits         atomic.Pointer[string] // why the cluster is not as wanted; of the leader
	running       chan struct{}          // closed when Raft runs

	changing sync.Mutex // held while this gateway, as the leader, changes the configuration

	origin []raft.Server // the configuration that is on disk as the last one seen; of open, and then of tend alone

	mu     sync.Mutex // guards everything that follows
	ended  bool       // no command may begin
	silent map[raft.ServerID]bool
}

// Open starts this gateway's part of the cluster and returns at once; a leader may come later or never. On the first start
// every founder writes the same first entry, so that nobody has to be told to begin; a gateway that joins waits. A history of
// a cluster with none of these members is set aside.
//
// ErrDiskFull, ErrDamaged, journal.ErrDamaged and journal.ErrLocked are states of this gateway's disk: taps can go on
// without replication.
func Open(o Options) (*Node, error) {
	o.setDefaults()
	ms, err := o.check()
	if err != nil {
		return nil, fmt.Errorf("open replication: %w", err)
	}
	n := &Node{
		o: o, members: ms, fault: newFault(), closing: make(chan struct{}), running: make(chan struct{}),
		events: make(chan raft.Observation, eventsQueued), silent: map[raft.ServerID]bool{},
	}
	n.gatherer = newGatherer(n.commitAll)
	if err := n.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open replication: %w", err), n.Close())
	}
	return n, nil
}

func (n *Node) open() error {
	if err := os.MkdirAll(n.o.Dir, 0o700); err != nil {
		return err
	}
	// Twice the reserve: a gateway that ended for want of space does not begin again only to end at once.
	if err := checkSpace(n.o.Dir, 2*n.o.ReserveBytes); err != nil {
		return err
	}
	if err := n.openStores(); err != nil {
		return err
	}
	if err := n.openPort(); err != nil {
		return err
	}
	if err := n.startRaft(); err != nil {
		return err
	}
	return n.metrics.register(n.o.Registerer)
}

func (n *Node) openPort() error {
	n.roster = newRoster(n.o.wanted())
	self, _ := slices.Concat(n.roster.all(), n.members).byID(n.o.ID)
	n.port = newPort(self, n.roster, n.o.TLS, n.o.Log)
	n.port.dial = n.o.dial
	if n.o.mute {
		n.port.protocols = []string{protocolRaft, protocolShip}
	}
	n.caller = newCaller(n.port)
	n.fellows = newFellows(n.port, n.o.Directory, n.o.Now, n.o.Log)
	if n.o.Listen == "" {
		return nil
	}
	ln, err := n.o.listen(n.o.Listen)
	if err != nil {
		return fmt.Errorf("listen for peers: %w", err)
	}
	n.port.start(ln, n.hear, n.talk)
	return nil
}

func (n *Node) startRaft() (err error) {
	cache, err := raft.NewLogCache(cachedEntry, n.logs)
	if err != nil {
		return err
	}
	c := n.o.raftConfig()
	n.network = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		ServerAddressProvider: n.roster, Logger: c.Logger, Stream: raftLayer{n.port},
		MaxPool: pooledConns, Timeout: peersWithin, MsgpackUseNewTimeFormat: true,
		MaxRPCsInFlight: 1, // no pipeline: its decoder would outlive a replicator that ends by a storage error (see fatal)
	})
	store := &snapshots{replica: n.replica, fault: n.fault}
	if err := n.found(c, store); err != nil {
		return err
	}
	n.metrics = newNodeMetrics(n)
	machine := &fsm{replica: n.replica, fault: n.fault, took: n.metrics.applied, space: func() error {
		return checkSpace(n.o.Dir, n.o.ReserveBytes)
	}}
	// Raft panics when its log cannot be read or its term not be stored.
	err = guarded("start raft", func() (err error) {
		n.raft, err = raft.NewRaft(c, machine, cache, n.logs, store, n.transport())
		return err
	})
	if err != nil {
		return err
	}
	n.logs.running.Store(true)
	n.observer = raft.NewObserver(n.events, false, isEvent)
	n.raft.RegisterObserver(n.observer)
	n.roster.attach(func() []raft.Server { return n.raft.GetConfiguration().Configuration().Servers })
	close(n.running)
	n.work.Go(n.watch)
	n.work.Go(n.tend)
	n.work.Go(n.pruneOld)
	return nil
}

// transport is Raft's way to its peers.
func (n *Node) transport() raft.Transport {
	if n.newcomer.Load() {
		return n.newBallot(n.network)
	}
	return n.network
}

// watch turns Raft's events into figures and wakes who waits for them.
func (n *Node) watch() {
	for {
		select {
		case <-n.closing:
			return
		case e := <-n.events:
			n.note(e)
			n.replica.notify()
		}
	}
}

func isEvent(o *raft.Observation) bool {
	switch o.Data.(type) {
	case raft.LeaderObservation, raft.RaftState, raft.FailedHeartbeatObservation, raft.ResumedHeartbeatObservation:
		return true
	}
	return false
}

func (n *Node) note(o raft.Observation) {
	switch e := o.Data.(type) {
	case raft.LeaderObservation:
		if e.LeaderID != "" {
			n.leaderChanges.Add(1)
			n.o.Log.Info("cluster has a leader", slog.String("gateway", string(e.LeaderID)))
		}
	case raft.RaftState:
		n.hearAll()
	case raft.FailedHeartbeatObservation:
		n.setSilent(e.PeerID, true)
	case raft.ResumedHeartbeatObservation:
		n.setSilent(e.PeerID, false)
	}
}

func (n *Node) setSilent(id raft.ServerID, silent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent[id] = silent
}

// hearAll forgets who was silent: only a leader asks, and a new one begins anew.
func (n *Node) hearAll() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.silent)
}

// begin counts a command in, so that Close waits for it; false when Close has begun.
func (n *Node) begin() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended {
		return false
	}
	n.commands.Add(1)
	return true
}

// Close hands leadership over, leaves the cluster and waits for everything that runs. The order: no command begins any
// more; those under way are answered; leadership goes while peers can still be reached; Raft stops; connections end, by which Raft's calls return; the
// replica closes before the log whose entries it has applied.
func (n *Node) Close() error {
	n.once.Do(func() { n.closed = n.close() })
	return n.closed
}

func (n *Node) close() error {
	n.mu.Lock()
	n.ended = true
	n.mu.Unlock()
	n.settle()
	n.handOver()
	close(n.closing)
	n.stopRaft()
	n.work.Wait()
	n.settle()
	if n.metrics != nil {
		n.metrics.unregister(n.o.Registerer)
	}
	if err := n.closeStores(); err != nil {
		return fmt.Errorf("close replication: %w", err)
	}
	return nil
}

func (n *Node) closeStores() error {
	var errs []error
	if n.replica != nil {
		errs = append(errs, n.closeReplica())
	}
	if n.journal != nil {
		errs = append(errs, n.journal.Close())
	}
	return errors.Join(errs...)
}

// closeReplica closes the replica, unless the disk is so full that Badger would die of a signal while it writes what it has in
// memory. On a disk that fails Badger tries that for ever, which must not keep the program from ending. What is on disk then
// is what a crash leaves, and the next start audits it.
func (n *Node) closeReplica() error {
	if err := checkSpace(n.o.Dir, closingBytes); err != nil {
		n.o.Log.Warn("replica left as it is", slog.Any("error", err))
		return nil
	}
	closed := make(chan error, 1)
	go func() { closed <- n.replica.close() }()
	within := closeWithin
	if n.fault.latched() != nil {
		within = closeFailedWithin
	}
	patience := time.NewTimer(within)
	defer patience.Stop()
	select {
	case err := <-closed:
		return err
	case <-patience.C:
		return fmt.Errorf("replica did not close within %v; its disk may be failing", within)
	}
}

// What closing needs of a card in order: Badger writes at most two memtables of 8 MiB. After an error it is tried for less
// long, because readers are dark meanwhile.
const (
	closingBytes      = 24 << 20
	closeWithin       = 15 * time.Second
	closeFailedWithin = 3 * time.Second
)

// settle waits for commands given to Raft. A majority that answers but does not store can hold them for ever, and Raft
// forgets one whose turn at the state machine comes exactly when it stops; so patience has an end.
func (n *Node) settle() {
	quiet := make(chan struct{})
	go func() {
		n.commands.Wait()
		close(quiet)
	}()
	patience := time.NewTimer(n.o.ElectionWithin + n.o.LeaseWithin)
	defer patience.Stop()
	select {
	case <-quiet:
	case <-patience.C:
		n.o.Log.Warn("closing with commands unanswered; they will be sent again")
	}
}

// handOver gives leadership to a peer, so that the cluster need not find out that this gateway is gone.
func (n *Node) handOver() {
	if n.raft == nil || len(n.servers()) < 2 || !n.IsLeader() {
		return
	}
	if err := n.raft.LeadershipTransfer().Error(); err != nil {
		n.o.Log.Info("leadership not handed over", slog.Any("error", err))
	}
}

func (n *Node) stopRaft() {
	var stopped raft.Future
	if n.raft != nil {
		n.raft.DeregisterObserver(n.observer)
		stopped = n.raft.Shutdown()
	}
	if n.port != nil {
		n.port.stop()
	}
	if stopped != nil {
		stopped.Error() // always nil
	}
	if n.network != nil {
		n.network.Close()
		n.network.CloseStreams()
	}
	if n.port != nil {
		n.port.wait()
		n.caller.close()
		n.fellows.close()
	}
}

// Failed yields the first storage error. After it this gateway applies and stores nothing more: show amber, Close, exit
// and let the supervisor restart the program, whose Open audits what is on disk.
func (n *Node) Failed() <-chan error { return n.fault.failed }

// submit brings a command to the leader, which may be this gateway.
func (n *Node) submit(ctx context.Context, cmd []byte) (answer, error) {
	_, leader := n.Leader()
	if leader == "" {
		return answer{}, ErrNoLeader
	}
	if leader == n.o.ID {
		return n.propose(ctx, cmd)
	}
	peer, ok := n.roster.byID(leader)
	if !ok {
		return answer{}, fmt.Errorf("leader %s: %w", leader, ErrStranger)
	}
	return n.caller.ask(ctx, peer, cmd)
}

// Ack tells the cluster that central holds every record of a stream up to seq, so that nobody sends them again. It is
// idempotent and monotone, needs a leader, and is meant to be called every few seconds, not per receipt.
func (n *Node) Ack(ctx context.Context, stream contract.Stream, seq uint64) error {
	if seq == 0 || n.Acknowledged(stream) >= seq {
		return nil
	}
	if err := n.tell(ctx, command{kind: kindAck, stream: stream, seq: seq}); err != nil {
		return fmt.Errorf("share acknowledgement: %w", err)
	}
	return nil
}

// Seal tells the cluster that central has proven every record of a stream up to seq, so that what is old enough may be
// pruned. It is idempotent and monotone, needs a leader, and is refused while a member's build does not know it.
func (n *Node) Seal(ctx context.Context, stream contract.Stream, seq uint64) error {
	if n.replica.stream(stream).Sealed >= seq {
		return nil
	}
	if err := n.tell(ctx, command{kind: kindSeal, stream: stream, seq: seq}); err != nil {
		return fmt.Errorf("share seal: %w", err)
	}
	return nil
}

func (n *Node) tell(ctx context.Context, c command) error {
	a, err := n.submit(ctx, c.encode())
	if err != nil {
		return err
	}
	return a.err()
}
