package replicate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// campus is a cluster of real gateways' parts: a journal, a node and a shipper each, over mutual TLS on loopback.
type campus struct {
	t         testing.TB
	authority *authority
	lines     *lines
	tune      func(*Options)
	founders  []Member
	gateways  []*gateway
	owners    sync.Map // address → name of the gateway there; lines ask while gateways are added
}

type gateway struct {
	campus  *campus
	member  Member
	dir     string
	certs   TLS
	ln      net.Listener  // the first one, which holds the address
	join    bool          // it founds nothing
	linger  time.Duration // of its shipper; 0 means none
	tune    func(*Options)
	journal *journal.Journal
	node    *Node
	ships   chan error
	stop    context.CancelFunc
}

// newCampus starts n gateways. tune may change the options of each.
func newCampus(t testing.TB, n int, tune func(*Options)) *campus {
	t.Helper()
	c := &campus{t: t, authority: newAuthority(t), lines: newLines(), tune: tune}
	for range n {
		c.founders = append(c.founders, c.enrol().member)
	}
	for _, g := range c.gateways {
		g.start()
	}
	t.Cleanup(func() {
		for _, g := range c.gateways {
			g.halt()
		}
	})
	return c
}

// enrol adds a gateway to the campus; it does not run yet.
func (c *campus) enrol() *gateway {
	c.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	id := fmt.Sprintf("gw-%d", len(c.gateways)+1)
	g := &gateway{
		campus: c, member: Member{id, ln.Addr().String()}, ln: ln,
		dir: c.t.TempDir(), certs: c.authority.tls(c.authority.gateway(c.t, id)),
	}
	c.gateways = append(c.gateways, g)
	c.owners.Store(g.member.Address, id)
	return g
}

// move gives a gateway that does not run another address.
func (g *gateway) move() {
	g.campus.t.Helper()
	var err error
	if g.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		g.campus.t.Fatal(err)
	}
	g.member.Address = g.ln.Addr().String()
	g.campus.owners.Store(g.member.Address, g.member.ID)
}

// newcomer starts a gateway with an empty disk that is to join.
func (c *campus) newcomer() *gateway {
	c.t.Helper()
	g := c.enrol()
	g.join = true
	g.start()
	return g
}

// known is whom a gateway is told of at its start: the founders, and itself.
func (g *gateway) known() []Member {
	ms := slices.Clone(g.campus.founders)
	if !slices.Contains(ms, g.member) {
		ms = append(ms, g.member)
	}
	return ms
}

// owner is the gateway at an address.
func (c *campus) owner(address string) string {
	id, _ := c.owners.Load(address)
	name, _ := id.(string)
	return name
}

func (g *gateway) options() Options {
	o := Options{
		ID: g.member.ID, Dir: filepath.Join(g.dir, "cluster"), Listen: g.member.Address, Members: g.known(), Join: g.join, TLS: g.certs,
		HeartbeatWithin: 250 * time.Millisecond, LeaseWithin: 125 * time.Millisecond, CommitEvery: 10 * time.Millisecond,
		LookEvery: 20 * time.Millisecond, StableFor: 100 * time.Millisecond, SegmentBytes: 256 << 10, ReserveBytes: -1,
		Log:  slog.New(slog.NewTextHandler(g.campus.t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})).With("on", g.member.ID),
		dial: g.campus.lines.dial(g.member.ID, g.campus.owner),
		listen: func(address string) (net.Listener, error) {
			if ln := g.ln; ln != nil {
				g.ln = nil
				return ln, nil
			}
			return net.Listen("tcp", address)
		},
	}
	if g.campus.tune != nil {
		g.campus.tune(&o)
	}
	if g.tune != nil {
		g.tune(&o)
	}
	return o
}

// start opens the gateway's parts and ships.
func (g *gateway) start() {
	t := g.campus.t
	t.Helper()
	var err error
	g.journal, err = journal.Open(journal.Options{Dir: filepath.Join(g.dir, "journal"), SegmentBytes: 256 << 10, ReserveBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	if g.node, err = Open(g.options()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	g.stop, g.ships = cancel, make(chan error, 1)
	shipper := NewShipper(g.journal, g.node, ShipperOptions{Linger: cmp.Or(g.linger, -1)})
	go func() { g.ships <- shipper.Run(ctx) }()
}

// halt stops the gateway, if it runs.
func (g *gateway) halt() {
	t := g.campus.t
	t.Helper()
	if g.node == nil {
		return
	}
	g.stop()
	if err := <-g.ships; err != nil {
		t.Errorf("shipper of %s: %v", g.member.ID, err)
	}
	if err := errors.Join(g.node.Close(), g.journal.Close()); err != nil {
		t.Errorf("stop %s: %v", g.member.ID, err)
	}
	g.node, g.journal = nil, nil
}

// tap appends n taps to the gateway's journal.
func (g *gateway) tap(n int) {
	g.campus.t.Helper()
	for range n {
		if _, err := g.journal.Append(tapRecord(contract.Stream{}, 0)); err != nil {
			g.campus.t.Fatal(err)
		}
	}
}

// tapRecord is a record of one tap; a journal gives it its own identity.
func tapRecord(s contract.Stream, seq uint64) contract.Record {
	return contract.Record{
		ID:    contract.TapID{Stream: s, Seq: seq},
		Stamp: contract.Stamp{At: time.Date(2026, 11, 2, 9, 0, int(seq), 0, time.UTC), Quality: contract.Synchronised},
		Tap: &contract.Tap{
			Point: "library-01", Digest: contract.Digest{1, byte(seq)}, Evidence: contract.EvidenceCard,
			Outcome: contract.Accepted, Session: "CS101-L1", Timetable: 7,
		},
	}
}

// encoded are n records of a stream from number first on, as its journal would hold them.
func encoded(t testing.TB, s contract.Stream, first uint64, n int) [][]byte {
	t.Helper()
	records := make([][]byte, n)
	for i := range records {
		raw, err := contract.AppendRecord(nil, tapRecord(s, first+uint64(i)))
		if err != nil {
			t.Fatal(err)
		}
		records[i] = raw
	}
	return records
}

// await waits until holds does. It looks again and again because the condition spans several processes' worth of state.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	const within = 30 * time.Second
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// leader waits until the running gateways agree on one and returns it.
func (c *campus) leader() *gateway {
	c.t.Helper()
	var found *gateway
	await(c.t, "a leader", func() bool {
		found = nil
		for _, g := range c.gateways {
			if g.node != nil && g.node.IsLeader() && !c.lines.isCut([2]string{g.member.ID}) {
				found = g
			}
		}
		return found != nil
	})
	return found
}

// follows waits until g knows that leader leads.
func (g *gateway) follows(leader *gateway) {
	g.campus.t.Helper()
	await(g.campus.t, g.member.ID+" knows the leader", func() bool {
		_, id := g.node.Leader()
		return id == leader.member.ID
	})
}

// other is a gateway that is none of those.
func (c *campus) other(not ...*gateway) *gateway {
	for _, g := range c.gateways {
		free := true
		for _, n := range not {
			free = free && n != g
		}
		if free {
			return g
		}
	}
	return nil
}

// settled waits until every running gateway holds all that every running journal does, and compares the copies octet for
// octet with the journals.
func (c *campus) settled() {
	c.t.Helper()
	for _, owner := range c.gateways {
		if owner.node == nil {
			continue
		}
		for _, holder := range c.gateways {
			if holder.node != nil {
				holder.holds(owner.journal)
			}
		}
	}
}

func (g *gateway) holds(j *journal.Journal) {
	t := g.campus.t
	t.Helper()
	await(t, fmt.Sprintf("%s holds %s up to %d", g.member.ID, j.Stream(), j.Durable()), func() bool {
		return g.node.Watermark(j.Stream()) >= j.Durable()
	})
	for next := uint64(1); next <= j.Durable(); {
		want, err := j.Read(next, 500, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.node.Read(j.Stream(), next, len(want), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if i >= len(got) || !bytes.Equal(got[i], want[i]) {
				t.Fatalf("%s: record %s/%d differs from the journal's", g.member.ID, j.Stream(), next+uint64(i))
			}
		}
		next += uint64(len(want))
	}
}
