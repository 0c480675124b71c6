package replicate

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

func TestEveryRecordReachesEveryGateway(t *testing.T) {
	c := newCampus(t, 3, nil)
	c.leader()
	for _, g := range c.gateways {
		g.tap(40)
	}
	c.settled()
}

func TestClusterOfOne(t *testing.T) {
	c := newCampus(t, 1, func(o *Options) { o.Listen, o.TLS = "", TLS{} })
	g := c.gateways[0]
	g.tap(30)
	c.settled()
	g.halt()
	g.start()
	if got, want := g.node.Watermark(g.journal.Stream()), g.journal.Durable(); got != want {
		t.Errorf("watermark after a restart = %d, want %d", got, want)
	}
	g.tap(5)
	c.settled()
}

// tapEvery paces those who tap at one gateway: as in a hall that fills, and not so that the disk is all that is tried.
const tapEvery = 5 * time.Millisecond

// tapping appends taps at gateways, one after the other, until stop is called.
func (c *campus) tapping(at ...*gateway) (stop func()) {
	ended := make(chan struct{})
	var work sync.WaitGroup
	for _, g := range at {
		j := g.journal
		work.Go(func() {
			next := time.NewTicker(tapEvery)
			defer next.Stop()
			for {
				select {
				case <-ended:
					return
				case <-next.C:
				}
				if _, err := j.Append(tapRecord(streamA, 1)); err != nil {
					c.t.Errorf("tap at %s: %v", g.member.ID, err)
					return
				}
			}
		})
	}
	return func() {
		close(ended)
		work.Wait()
	}
}

// advance waits until g's own stream has gone on by n records, as g sees it.
func (g *gateway) advance(n uint64) {
	g.campus.t.Helper()
	s := g.journal.Stream()
	want := g.node.Watermark(s) + n
	await(g.campus.t, fmt.Sprintf("%s ships up to %d", g.member.ID, want), func() bool { return g.node.Watermark(s) >= want })
}

// The leader vanishes in the middle of shipping: no goodbye, its lines are dead.
func TestLeaderDiesWhileShipping(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	a := c.other(leader)
	b := c.other(leader, a)
	stop := c.tapping(a, b)
	a.advance(20)
	c.lines.isolate(leader.member.ID)
	leader.halt()
	a.advance(20)
	b.advance(20)
	c.lines.heal(leader.member.ID)
	leader.start()
	leader.tap(10)
	stop()
	c.settled()
}

// The leader says goodbye: leadership goes to a peer at once, and nothing is lost.
func TestLeaderHandsOver(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	leader.tap(10)
	c.settled()
	leader.halt()
	next := c.leader()
	if next == leader {
		t.Fatal("the closed gateway leads")
	}
	next.tap(10)
	leader.start()
	c.settled()
}

// Every gateway is cut off in turn, the leader too. The one without quorum goes on recording; the others go on replicating.
func TestIsolationAndHealing(t *testing.T) {
	c := newCampus(t, 3, nil)
	c.leader()
	for _, cut := range c.gateways {
		c.lines.isolate(cut.member.ID)
		alone := cut.journal.Durable()
		cut.tap(15)
		if got := cut.journal.Durable(); got != alone+15 {
			t.Errorf("%s recorded up to %d in isolation, want %d", cut.member.ID, got, alone+15)
		}
		for _, g := range c.gateways {
			if g != cut {
				g.tap(15)
				c.leader()
			}
		}
		a := c.other(cut)
		c.other(cut, a).holds(a.journal)
		if got := a.node.Watermark(cut.journal.Stream()); got > alone {
			t.Errorf("%s has records that only the isolated %s can have", a.member.ID, cut.member.ID)
		}
		c.lines.heal(cut.member.ID)
		c.settled()
	}
}

func TestRestartOfOneAndOfAll(t *testing.T) {
	c := newCampus(t, 3, nil)
	c.leader()
	for _, g := range c.gateways {
		g.tap(20)
	}
	c.settled()
	one := c.gateways[1]
	one.halt()
	c.gateways[0].tap(10)
	c.gateways[2].holds(c.gateways[0].journal)
	one.start()
	c.settled()
	before := timeless(one.node.Streams())
	for _, g := range c.gateways {
		g.halt()
	}
	for _, g := range c.gateways {
		g.start()
		if diff := cmp.Diff(timeless(g.node.Streams()), before); diff != "" {
			t.Errorf("%s after the restart, before any leader (-got +want):\n%s", g.member.ID, diff)
		}
	}
	for _, g := range c.gateways {
		g.tap(10)
	}
	c.settled()
}

// shortLogs make Raft forget its log as soon as it may.
func shortLogs(o *Options) {
	o.SegmentBytes, o.SnapshotAfter, o.KeepEntries, o.SnapshotEvery = 32<<10, 10, 1, 20*time.Millisecond
}

// ship appends records one command at a time until the gateway's Raft log no longer reaches back to entry 1.
func (g *gateway) forget() {
	g.campus.t.Helper()
	await(g.campus.t, "the raft log of "+g.member.ID+" is shortened", func() bool {
		g.tap(1)
		g.advance(1)
		return g.node.journal.First() > 1
	})
}

// A gateway was away for so long that its entries are gone: it gets the replica instead, and lives on with it.
func TestLaggingGatewayGetsSnapshot(t *testing.T) {
	c := newCampus(t, 3, shortLogs)
	leader := c.leader()
	late := c.other(leader)
	late.tap(3)
	c.settled()
	late.halt()
	for _, g := range c.gateways {
		if g != late {
			g.forget()
		}
	}
	late.start()
	c.settled()
	if meta, err := late.node.replica.snapshot(); err != nil || meta.Index == 0 {
		t.Errorf("snapshot = %+v, %v: it was brought up to date by entries", meta, err)
	}
	late.tap(5)
	late.halt() // the log that follows an installed snapshot must open again
	late.start()
	c.settled()
}

// A gateway comes back with an empty disk under its old name, and one with a replica that no longer opens clean.
func TestReplicaIsRefilledByPeers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, g *gateway)
		aside  int // directories set aside
	}{
		{"empty disk", func(t *testing.T, g *gateway) { remove(t, g.options().Dir) }, 0},
		{"replica gone", func(t *testing.T, g *gateway) { remove(t, filepath.Join(g.options().Dir, currentDir)) }, 0},
		{"raft log gone", func(t *testing.T, g *gateway) { remove(t, filepath.Join(g.options().Dir, logDir)) }, 1},
		{"raft log decayed", func(t *testing.T, g *gateway) {
			files, err := filepath.Glob(filepath.Join(g.options().Dir, logDir, "*.seg"))
			if err != nil || len(files) == 0 {
				t.Fatalf("the log has files %v, %v", files, err)
			}
			b, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			b[40] ^= 1 // in the header, which is durable before the file has its name: no torn end
			if err := os.WriteFile(files[0], b, 0o600); err != nil {
				t.Fatal(err)
			}
		}, 2},
		{"a record lost", func(t *testing.T, g *gateway) {
			r := newReplica(t, g.options().Dir)
			db := r.db
			txn := db.NewTransaction(true)
			if err := errors.Join(txn.Delete(recordKey(g.campus.gateways[0].journal.Stream(), 2)), txn.Commit(), r.close()); err != nil {
				t.Fatal(err)
			}
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCampus(t, 3, shortLogs)
			hurt := c.gateways[2]
			c.gateways[0].tap(5)
			hurt.tap(5)
			c.settled()
			c.gateways[0].forget()
			c.settled()
			hurt.halt()
			tt.damage(t, hurt)
			hurt.start()
			c.settled()
			aside, err := filepath.Glob(filepath.Join(hurt.options().Dir, "damaged-*"))
			if err != nil || len(aside) != tt.aside {
				t.Errorf("%d directories set aside, want %d; %v", len(aside), tt.aside, err)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// Alone, there are no peers: the journal fills the replica again.
func TestReplicaIsRefilledByOwnJournal(t *testing.T) {
	c := newCampus(t, 1, func(o *Options) { o.Listen, o.TLS = "", TLS{}; shortLogs(o) })
	g := c.gateways[0]
	g.tap(5)
	g.forget()
	g.halt()
	remove(t, filepath.Join(g.options().Dir, currentDir))
	g.start()
	c.settled()
}

func TestAckReachesEveryGateway(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	s := c.gateways[0].journal.Stream()
	c.gateways[0].tap(30)
	c.settled()
	for _, g := range c.gateways {
		g.follows(leader)
	}
	for i, g := range c.gateways {
		want := uint64(10 * (i + 1))
		if err := g.node.Ack(t.Context(), s, want); err != nil {
			t.Fatalf("%s: %v", g.member.ID, err)
		}
		for _, h := range c.gateways {
			await(t, fmt.Sprintf("%s knows acknowledgement %d", h.member.ID, want), func() bool { return h.node.Acknowledged(s) == want })
		}
	}
	if err := c.gateways[1].node.Ack(t.Context(), s, 5); err != nil {
		t.Error(err)
	}
	if got := c.leader().node.Acknowledged(s); got != 30 {
		t.Errorf("acknowledged = %d after an older one, want 30", got)
	}
}

// Two journals under one name, as after cloning a card: the second history is refused, at the leader and through a peer.
func TestForkedStreamIsRefused(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	s := leader.journal.Stream()
	leader.tap(5)
	c.settled()
	other := encoded(t, s, 4, 3) // numbers 4 and 5 exist with other contents
	cmd := command{kind: kindShip, stream: s, seq: 4, records: other}.encode()
	for _, g := range c.gateways {
		a, err := g.node.submit(t.Context(), cmd)
		if err != nil || !errors.Is(a.err(), ErrFork) {
			t.Errorf("through %s: %v, %v, want ErrFork", g.member.ID, a.err(), err)
		}
	}
	c.settled()
}

// What a peer ships is proven before it enters the Raft log, where nobody may judge it any more.
func TestLeaderRefusesUnsoundRecords(t *testing.T) {
	c := newCampus(t, 3, nil)
	leader := c.leader()
	peer := c.other(leader)
	peer.follows(leader)
	bad := encoded(t, streamB, 1, 1)
	bad[0][45] ^= 8
	a, err := peer.node.submit(t.Context(), command{kind: kindShip, stream: streamB, seq: 1, records: bad}.encode())
	if err != nil || !errors.Is(a.err(), ErrCommand) {
		t.Errorf("submit = %v, %v, want ErrCommand", a.err(), err)
	}
	a, err = peer.node.submit(t.Context(), shipOf(t, streamB, 2, 1).encode())
	if err != nil || !errors.Is(a.err(), ErrGap) {
		t.Errorf("submit = %v, %v, want ErrGap", a.err(), err)
	}
	if got := leader.node.Watermark(streamB); got != 0 {
		t.Errorf("watermark = %d, want 0", got)
	}
}

// The disk of the leader's Raft log dies. The leader must not limp on: it tells, stops, and can be closed; the others go on.
func TestStorageFailureStopsTheNode(t *testing.T) {
	c := newCampus(t, 3, nil)
	dead := c.leader()
	a := c.other(dead)
	if err := dead.node.journal.Close(); err != nil { // every use from now on fails, as after a latched storage error
		t.Fatal(err)
	}
	a.tap(10)
	if err := <-dead.node.Failed(); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("failed with %v, want the log's error", err)
	}
	if got := dead.node.State(); got != "shutdown" {
		t.Errorf("state = %s, want shutdown", got)
	}
	c.other(dead, a).holds(a.journal)
	dead.stop()
	if err := <-dead.ships; err != nil {
		t.Error(err)
	}
	if err := dead.node.Close(); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("Close = %v, want the log's error", err)
	}
	if err := dead.journal.Close(); err != nil {
		t.Error(err)
	}
	dead.node = nil
}

// A peer that is there before Raft runs used to end the program.
func TestAPeerQuickerThanRaft(t *testing.T) {
	n := &Node{running: make(chan struct{}), fault: newFault()}
	n.o.setDefaults()
	if a := n.answerTo(command{kind: kindAck, stream: contract.Stream{1}, seq: 1}.encode()); a.code != codeNotLeader {
		t.Errorf("code = %v, want that this gateway does not lead", a.code)
	}
}

func TestOpenRefusesAFullDisk(t *testing.T) {
	_, err := Open(Options{ID: "gw-1", Dir: t.TempDir(), Members: []Member{{"gw-1", "127.0.0.1:1"}}, ReserveBytes: 1 << 50})
	if !errors.Is(err, ErrDiskFull) {
		t.Errorf("Open = %v, want ErrDiskFull", err)
	}
}

func TestSecondNodeInOneDirectory(t *testing.T) {
	c := newCampus(t, 1, func(o *Options) { o.Listen, o.TLS = "", TLS{} })
	_, err := Open(c.gateways[0].options())
	if !errors.Is(err, journal.ErrLocked) {
		t.Errorf("Open = %v, want ErrLocked", err)
	}
}

func TestCloseTwice(t *testing.T) {
	n, err := Open(Options{ID: "gw-1", Dir: t.TempDir(), Members: []Member{{"gw-1", "127.0.0.1:1"}}, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(n.Close(), n.Close()); err != nil {
		t.Error(err)
	}
	if err := n.Ack(t.Context(), streamA, 1); err == nil {
		t.Error("Ack after Close was done")
	}
	if _, err := n.Read(streamA, 1, 1, 1); err == nil {
		t.Error("Read after Close was done")
	}
}

func TestNodeMetricsAndStats(t *testing.T) {
	registries := map[string]*prometheus.Registry{}
	c := newCampus(t, 3, func(o *Options) {
		registries[o.ID] = prometheus.NewRegistry()
		o.Registerer = registries[o.ID]
	})
	leader := c.leader()
	leader.tap(5)
	c.settled()
	follower := c.other(leader)
	for _, tt := range []struct {
		g     *gateway
		state string
		leads float64
	}{{leader, "leader", 1}, {follower, "follower", 0}} {
		expectMetrics(t, registries[tt.g.member.ID], map[string]float64{
			"rollcall_gateway_raft_state{leader}":    tt.leads,
			"rollcall_gateway_raft_state{follower}":  1 - tt.leads,
			"rollcall_gateway_raft_state{candidate}": 0,
		})
		s := tt.g.node.Stats()
		if s.State != tt.state || s.Leader != leader.member.ID || s.Term == 0 || s.Applied == 0 || len(s.Peers) != 2 {
			t.Errorf("stats of %s = %+v", tt.g.member.ID, s)
		}
	}
	families, err := registries[follower.member.ID].Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, strings.TrimPrefix(f.GetName(), "rollcall_gateway_"))
	}
	want := []string{
		"raft_applied_index", "raft_apply_seconds", "raft_commit_index", "raft_last_contact_seconds", "raft_leader_changes_total", "raft_state",
		"replica_bytes", "replica_lowest_record",
	}
	if diff := cmp.Diff(names, want); diff != "" {
		t.Errorf("metrics (-got +want):\n%s", diff)
	}
	c.lines.isolate(follower.member.ID)
	await(t, "the leader finds a peer silent", func() bool {
		for _, p := range leader.node.Stats().Peers {
			if p.Silent {
				return p.ID == follower.member.ID
			}
		}
		return false
	})
	c.lines.heal(follower.member.ID)
}
