package replicate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

func sealOf(s contract.Stream, seq uint64) command {
	return command{kind: kindSeal, stream: s, seq: seq}
}

func pruneOf(s contract.Stream, seq uint64) command {
	return command{kind: kindPrune, stream: s, seq: seq}
}

// treeOver is the tree over records, made from the records alone.
func treeOver(t testing.TB, records [][]byte) tree.Hash {
	t.Helper()
	var f tree.Frontier
	for _, raw := range records {
		c, err := tree.Commit(raw)
		if err != nil {
			t.Fatal(err)
		}
		f.Append(c)
	}
	return f.Root()
}

// firstKept is the lowest number of a stream that can be read, asked number by number.
func firstKept(t testing.TB, r *replica, s contract.Stream) uint64 {
	t.Helper()
	for seq := uint64(1); ; seq++ {
		_, err := r.read(s, seq, 1, contract.MaxRecord)
		if err == nil {
			return seq
		}
		if !errors.Is(err, ErrNotFound) || seq > 10_000 {
			t.Fatalf("read record %d: %v", seq, err)
		}
	}
}

// Every step is one Raft entry on a stream of ten records.
func TestPruneDropsOnlyWhatIsSealed(t *testing.T) {
	r := newReplica(t, t.TempDir())
	for i, s := range []struct {
		name  string
		c     command
		want  answer
		first uint64 // the lowest number that is left
	}{
		{"ten records", shipOf(t, streamA, 1, 10), answer{through: 10}, 1},
		{"nobody has them", pruneOf(streamA, 10), answer{}, 1},
		{"central has eight", ackOf(streamA, 8), answer{through: 8}, 1},
		{"which is no proof", pruneOf(streamA, 10), answer{}, 1},
		{"six are proven", sealOf(streamA, 6), answer{through: 6}, 1},
		{"a part of them", pruneOf(streamA, 2), answer{through: 2}, 3},
		{"no more than what is proven", pruneOf(streamA, 9), answer{through: 6}, 7},
		{"an older seal takes nothing back", sealOf(streamA, 3), answer{through: 6}, 7},
		{"an older pruning neither", pruneOf(streamA, 4), answer{through: 6}, 7},
		{"proven further than central is known to hold", sealOf(streamA, 20), answer{through: 20}, 7},
		{"what is known to be held counts", pruneOf(streamA, 20), answer{through: 8}, 9},
		{"all of it is at central", ackOf(streamA, 20), answer{through: 20}, 9},
		{"the last stays", pruneOf(streamA, 20), answer{through: 9}, 10},
		{"an old record does not come back", shipOf(t, streamA, 5, 2), answer{through: 10}, 10},
		{"records go on", shipOf(t, streamA, 10, 3), answer{through: 12}, 10},
		{"another stream", shipOf(t, streamB, 1, 1), answer{through: 1}, 10},
	} {
		if got := applyOne(t, r, entry(uint64(i+1), s.c)); got != s.want {
			t.Errorf("%s: answer = %+v, want %+v", s.name, got, s.want)
		}
		if got := firstKept(t, r, streamA); got != s.first {
			t.Errorf("%s: the lowest record = %d, want %d", s.name, got, s.first)
		}
	}
	if got, err := r.read(streamB, 1, 1, contract.MaxRecord); err != nil || len(got) != 1 {
		t.Errorf("the other stream: %d records, %v", len(got), err)
	}
}

// A command drops so many that a transaction can hold them, and the tree over what was dropped grows with it. Nothing of
// that is lost by a restart or on the way to another gateway.
func TestPruneKeepsTheTree(t *testing.T) {
	const n = 1200
	dir := t.TempDir()
	r := newReplica(t, dir)
	index := uint64(0)
	next := func(c command) answer {
		index++
		return applyOne(t, r, entry(index, c))
	}
	for first := uint64(1); first <= n; first += 400 {
		next(shipOf(t, streamA, first, 400))
	}
	next(ackOf(streamA, n))
	next(sealOf(streamA, n))
	all := encoded(t, streamA, 1, n)
	for _, want := range []uint64{512, 1024, n - 1, n - 1} {
		if got := next(pruneOf(streamA, n)); got != (answer{through: want}) {
			t.Fatalf("pruned = %+v, want up to %d", got, want)
		}
		if f, err := r.pruned(streamA); err != nil || f.Size() != want || f.Root() != treeOver(t, all[:want]) {
			t.Fatalf("tree over %d records = %v, %v; want that over the first %d", f.Size(), f.Root(), err, want)
		}
	}
	want := contents(t, r)
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	r = newReplica(t, dir) // with its audit
	if contents(t, r) != want {
		t.Error("a restart changed the replica")
	}
	to := newReplica(t, t.TempDir())
	transfer(t, r, to)
	if contents(t, to) != want {
		t.Error("the received replica is another one")
	}
	if diff := cmp.Diff(timeless(to.all()), timeless(r.all())); diff != "" {
		t.Errorf("states (-got +want):\n%s", diff)
	}
	if f, err := to.pruned(streamA); err != nil || f.Root() != treeOver(t, all[:n-1]) {
		t.Errorf("tree of the receiver over %d records: %v", f.Size(), err)
	}
}

// transfer sends one replica to another as a snapshot.
func transfer(t *testing.T, from, to *replica) {
	t.Helper()
	in, err := to.receive()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte(contents(t, from))); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(in.finish(someMeta), to.exchange()); err != nil {
		t.Fatal(err)
	}
}

// A journal that had pruned goes on behind what central holds. Over such a hole nobody can compute a tree, and nobody is
// given a wrong one.
func TestPruneOverAHole(t *testing.T) {
	r := newReplica(t, t.TempDir())
	for i, c := range []command{
		shipOf(t, streamA, 1, 2), ackOf(streamA, 1000), shipOf(t, streamA, 1001, 3), sealOf(streamA, 1002), ackOf(streamA, 1003), pruneOf(streamA, 1002),
	} {
		applyOne(t, r, entry(uint64(i+1), c))
	}
	if got := firstKept(t, r, streamA); got != 1003 {
		t.Errorf("lowest record = %d, want 1003", got)
	}
	if f, err := r.pruned(streamA); !errors.Is(err, ErrNotFound) {
		t.Errorf("tree over %d records, %v; want ErrNotFound", f.Size(), err)
	}
	if f, err := r.pruned(streamB); err != nil || f.Size() != 0 {
		t.Errorf("tree of a stream that was not pruned = %d records, %v", f.Size(), err)
	}
}

// A sound watermark that fell back, as when Badger loses a file, is damage also where it tells what was pruned.
func TestAuditFindsAPruningThatFellBack(t *testing.T) {
	for name, prefix := range map[string]string{"pruned": prunedPrefix, "sealed": sealedPrefix} {
		dir := t.TempDir()
		r := newReplica(t, dir)
		for i, c := range []command{shipOf(t, streamA, 1, 9), ackOf(streamA, 9), sealOf(streamA, 9), pruneOf(streamA, 4)} {
			applyOne(t, r, entry(uint64(i+1), c))
		}
		txn := r.db.NewTransaction(true)
		if err := errors.Join(txn.Set(streamKey(prefix, streamA), number(2)), txn.Commit(), r.close()); err != nil {
			t.Fatal(err)
		}
		if _, err := openReplica(dir, nil, r.log, time.Now); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s fell back: open = %v, want ErrDamaged", name, err)
		}
	}
}

// What was written before a moment is told by clocks that were vouched for, and by the order of numbers.
func TestWrittenBefore(t *testing.T) {
	horizon := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	old, young, never := horizon.Add(-time.Nanosecond), horizon, time.Unix(0, 0).UTC()
	type stamp struct {
		at      time.Time
		quality contract.Quality
		anchor  time.Time
	}
	sure := func(at time.Time) stamp { return stamp{at: at, quality: contract.Synchronised} }
	unsure := func(at time.Time) stamp { return stamp{at: at, quality: contract.NeverSet} }
	anchored := func(at time.Time) stamp { return stamp{at: never, quality: contract.NeverSet, anchor: at} }
	for _, tt := range []struct {
		name   string
		stamps []stamp // the last of them is never expendable
		want   uint64
	}{
		{"all old", []stamp{sure(old), sure(old), sure(old)}, 2},
		{"all young", []stamp{sure(young), sure(young), sure(young)}, 0},
		{"up to the first young one", []stamp{sure(old), sure(old), sure(young), sure(old), sure(old)}, 2},
		{"a clock of 1970 makes nothing old", []stamp{unsure(never), unsure(never), sure(young), sure(young)}, 0},
		{"an old one speaks for those before it", []stamp{unsure(young), unsure(never), sure(old), unsure(never), sure(young), sure(young)}, 3},
		{"an anchor is vouched for", []stamp{unsure(never), anchored(old), unsure(never), unsure(never)}, 2},
		{"so is a young one", []stamp{unsure(never), anchored(young), sure(old), sure(old)}, 0},
		{"nobody vouched for any", []stamp{unsure(old), unsure(old), unsure(old)}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newReplica(t, t.TempDir())
			c := command{kind: kindShip, stream: streamA, seq: 1}
			for i, s := range tt.stamps {
				rec := tapRecord(streamA, uint64(i+1))
				rec.Stamp.At, rec.Stamp.Quality = s.at, s.quality
				if !s.anchor.IsZero() {
					rec.Tap, rec.Anchor = nil, &contract.Anchor{At: s.anchor}
				}
				raw, err := contract.AppendRecord(nil, rec)
				if err != nil {
					t.Fatal(err)
				}
				c.records = append(c.records, raw)
			}
			n := uint64(len(tt.stamps))
			for i, c := range []command{c, ackOf(streamA, n), sealOf(streamA, n)} {
				applyOne(t, r, entry(uint64(i+1), c))
			}
			if got, err := r.writtenBefore(r.stream(streamA), horizon); err != nil || got != tt.want {
				t.Errorf("written before = %d, %v, want %d", got, err, tt.want)
			}
		})
	}
}

// tapped is when campus' gateways write all their records (tapRecord).
var tapped = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// calendar is the time of day that a campus prunes by.
type calendar struct {
	today   atomic.Pointer[time.Time]
	unknown atomic.Bool
}

func (c *calendar) set(now time.Time) { c.today.Store(&now) }

func (c *calendar) tune(o *Options) {
	o.PruneEvery = 20 * time.Millisecond
	o.Today = func() (time.Time, bool) { return *c.today.Load(), !c.unknown.Load() }
}

// prove tells the cluster that central has, and has proven, all of a gateway's journal.
func (g *gateway) prove() uint64 {
	g.campus.t.Helper()
	s, seq := g.journal.Stream(), g.journal.Durable()
	await(g.campus.t, "the cluster takes the seal of "+g.member.ID, func() bool {
		return errors.Join(g.node.Ack(context.Background(), s, seq), g.node.Seal(context.Background(), s, seq)) == nil
	})
	return seq
}

// passes lets the leader look for old records at least twice more.
func (c *campus) passes(looks *atomic.Int64) {
	c.t.Helper()
	at := looks.Load()
	await(c.t, "the leader looks for old records", func() bool { return looks.Load() >= at+2 })
}

// Three gateways prune the same at the same entry: never what is younger than is to be kept, never by a clock that nobody
// vouches for. Who was away gets the pruned replica as a snapshot, who restarts has it, and taps go on.
func TestClusterPrunesWhatIsOldAndSealed(t *testing.T) {
	var day calendar
	var looks atomic.Int64
	day.set(tapped)
	c := newCampus(t, 3, func(o *Options) {
		shortLogs(o)
		day.tune(o)
		today := o.Today
		o.Today = func() (time.Time, bool) { looks.Add(1); return today() }
	})
	leader := c.leader()
	late := c.other(leader)
	leader.tap(700)
	late.tap(5)
	c.settled()
	through, silent := leader.prove(), late.journal.Stream()
	leader.tap(1)
	c.settled()
	day.set(tapped.Add(7 * 24 * time.Hour))
	c.passes(&looks)
	day.unknown.Store(true)
	day.set(tapped.Add(365 * 24 * time.Hour))
	c.passes(&looks)
	for _, g := range c.gateways {
		if got := firstKept(t, g.node.replica, leader.journal.Stream()); got != 1 {
			t.Fatalf("%s keeps from %d on, want all: nothing is older than 7 days by a clock that is known", g.member.ID, got)
		}
	}
	late.halt()
	day.set(tapped.Add(7*24*time.Hour + time.Second))
	day.unknown.Store(false)
	for _, g := range c.gateways {
		if g == late {
			continue
		}
		await(t, g.member.ID+" has pruned", func() bool { return g.node.replica.stream(leader.journal.Stream()).Pruned == through })
		g.forget()
	}
	late.start()
	late.holdsFrom(through+1, leader.journal)
	for _, g := range c.gateways {
		s := leader.journal.Stream()
		if got := firstKept(t, g.node.replica, s); got != through+1 {
			t.Errorf("%s keeps from %d on, want from %d", g.member.ID, got, through+1)
		}
		f, err := g.node.Pruned(s)
		records, readErr := leader.journal.Read(1, int(through), 1<<20)
		if err := errors.Join(err, readErr); err != nil || f.Root() != treeOver(t, records) {
			t.Errorf("tree of %s over %d records: %v; want that of the journal's first %d", g.member.ID, f.Size(), err, through)
		}
		if got := firstKept(t, g.node.replica, silent); got != 1 {
			t.Errorf("%s keeps of a stream without a seal from %d on, want all", g.member.ID, got)
		}
	}
	leader.halt()
	leader.start()
	leader.tap(5)
	c.agree()
}

// holdsFrom waits until a gateway holds a journal up to its end, and compares from a number on.
func (g *gateway) holdsFrom(first uint64, j interface {
	Stream() contract.Stream
	Durable() uint64
	Read(uint64, int, int) ([][]byte, error)
}) {
	t := g.campus.t
	t.Helper()
	await(t, g.member.ID+" holds all", func() bool { return g.node.Watermark(j.Stream()) >= j.Durable() })
	want, err := j.Read(first, 500, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	got, err := g.node.Read(j.Stream(), first, len(want), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Fatalf("%s from record %d on (-got +want):\n%s", g.member.ID, first, diff)
	}
}

// agree waits until the replicas of all gateways are the same, octet for octet.
func (c *campus) agree() {
	c.t.Helper()
	await(c.t, "all replicas are the same", func() bool {
		want := contents(c.t, c.gateways[0].node.replica)
		for _, g := range c.gateways[1:] {
			if contents(c.t, g.node.replica) != want {
				return false
			}
		}
		return true
	})
}

// While one member's build does not know how to prune, nobody does, and no seal is written that would stop it.
func TestNobodyPrunesBeforeAllCan(t *testing.T) {
	var day calendar
	day.set(tapped.Add(365 * 24 * time.Hour))
	c := newCampus(t, 3, func(o *Options) {
		day.tune(o)
		if o.ID == "gw-2" {
			o.speaks = oldestCommand
		}
	})
	old := c.gateways[1]
	for c.leader() == old {
		_ = old.node.raft.LeadershipTransfer().Error() // tried again
	}
	leader := c.leader()
	leader.tap(5)
	c.settled()
	s := leader.journal.Stream()
	if err := leader.node.Ack(context.Background(), s, 5); err != nil {
		t.Fatal(err)
	}
	if err := leader.node.Seal(context.Background(), s, 5); !errors.Is(err, ErrCommandVersion) {
		t.Errorf("seal = %v, want ErrCommandVersion", err)
	}
	if got := leader.versions(); got[pruningCommand] > 0 {
		t.Errorf("%d commands that %s does not read", got[pruningCommand], old.member.ID)
	}
	old.tune = func(o *Options) { o.speaks = newestCommand }
	old.halt()
	old.start()
	through := leader.prove()
	for _, g := range c.gateways {
		await(t, g.member.ID+" has pruned", func() bool { return g.node.replica.stream(s).Pruned == through-1 })
	}
}

// Whoever may talk may not have records dropped.
func TestNobodyElseMayPrune(t *testing.T) {
	c := newCampus(t, 1, nil)
	g := c.leader()
	g.tap(5)
	c.settled()
	g.prove()
	if a := g.node.answerTo(pruneOf(g.journal.Stream(), 3).encode()); a.code != codeRefused {
		t.Errorf("answer = %+v, want refused", a)
	}
	if got := firstKept(t, g.node.replica, g.journal.Stream()); got != 1 {
		t.Errorf("lowest record = %d, want 1", got)
	}
}

// Disk space comes back: a replica through which many times its content has passed stays small.
func TestPruningGivesSpaceBack(t *testing.T) {
	r := newReplica(t, t.TempDir())
	const rounds, each = 600, 7
	var index, written uint64
	next := func(c command) {
		index++
		applyOne(t, r, entry(index, c))
	}
	for seq := uint64(1); seq <= rounds*each; {
		c := command{kind: kindShip, stream: streamA, seq: seq}
		for range each {
			raw := bulky(t, streamA, seq)
			c.records, written, seq = append(c.records, raw), written+uint64(len(raw)), seq+1
		}
		next(c)
		if seq%(20*each) != 1 {
			continue
		}
		next(ackOf(streamA, seq-1))
		next(sealOf(streamA, seq-1))
		next(pruneOf(streamA, seq-1))
	}
	await(t, "Badger has let go of what was pruned", func() bool {
		if err := r.db.Flatten(1); err != nil {
			t.Fatal(err)
		}
		size, err := r.size()
		return err == nil && uint64(size) < written/2
	})
	values, err := filepath.Glob(filepath.Join(r.path(currentDir), "*.vlog"))
	if err != nil {
		t.Fatal(err)
	}
	var log int64
	for _, path := range values {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range raw {
			if b != 0 {
				log = max(log, int64(i))
			}
		}
	}
	if log > 4096 {
		t.Errorf("the value log has %d octets: it would have to be collected", log)
	}
}

// bulky is a record of some 8 KiB that cannot be compressed: a heartbeat of many points.
func bulky(t testing.TB, s contract.Stream, seq uint64) []byte {
	t.Helper()
	rec := tapRecord(s, seq)
	rec.Tap, rec.Heartbeat = nil, &contract.Heartbeat{Since: rec.Stamp.At}
	for range 126 {
		rec.Heartbeat.Points = append(rec.Heartbeat.Points, contract.PointState{Point: fmt.Sprintf("%016x%016x%016x", rand.Uint64(), rand.Uint64(), rand.Uint64())})
	}
	raw, err := contract.AppendRecord(nil, rec)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
