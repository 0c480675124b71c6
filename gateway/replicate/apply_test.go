package replicate

import (
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/central/contract"
	"pgregory.net/rapid"
)

func newReplica(t testing.TB, dir string) *replica {
	t.Helper()
	return newKeyedReplica(t, dir, nil)
}

// newKeyedReplica is encrypted unless key is nil.
func newKeyedReplica(t testing.TB, dir string, key []byte) *replica {
	t.Helper()
	r, err := openReplica(dir, key, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func entry(index uint64, c command) *raft.Log {
	return &raft.Log{Index: index, Term: 1, Type: raft.LogCommand, Data: c.encode()}
}

func shipOf(t testing.TB, s contract.Stream, first uint64, n int) command {
	t.Helper()
	return command{kind: kindShip, stream: s, seq: first, records: encoded(t, s, first, n)}
}

func ackOf(s contract.Stream, seq uint64) command { return command{kind: kindAck, stream: s, seq: seq} }

func applyOne(t testing.TB, r *replica, e *raft.Log) answer {
	t.Helper()
	answers := make([]any, 1)
	if err := r.apply([]*raft.Log{e}, answers); err != nil {
		t.Fatal(err)
	}
	return answers[0].(answer)
}

// Every step is one Raft entry; the answers are what a shipper acts on.
func TestApply(t *testing.T) {
	type step struct {
		name string
		c    command
		want answer
	}
	r := newReplica(t, t.TempDir())
	for i, s := range []step{
		{"a stream begins at 1", shipOf(t, streamA, 2, 1), answer{code: codeGap}},
		{"first records", shipOf(t, streamA, 1, 3), answer{through: 3}},
		{"the same again", shipOf(t, streamA, 1, 3), answer{through: 3}},
		{"overlap: only the new ones count", shipOf(t, streamA, 2, 4), answer{through: 5}},
		{"a part of what is there", shipOf(t, streamA, 2, 1), answer{through: 5}},
		{"gap of one", shipOf(t, streamA, 7, 1), answer{code: codeGap, through: 5}},
		{"next after the gap was refused", shipOf(t, streamA, 6, 1), answer{through: 6}},
		{"another stream has its own numbers", shipOf(t, streamB, 1, 2), answer{through: 2}},
		{"acknowledged", ackOf(streamA, 4), answer{through: 4}},
		{"an older acknowledgement takes nothing back", ackOf(streamA, 2), answer{through: 4}},
		{"central is ahead of the replica", ackOf(streamB, 10), answer{through: 10}},
		{"what central has may be missing", shipOf(t, streamB, 11, 1), answer{through: 11}},
		{"but no more than that", shipOf(t, streamB, 13, 1), answer{code: codeGap, through: 11}},
	} {
		if got := applyOne(t, r, entry(uint64(i+1), s.c)); got != s.want {
			t.Errorf("%s: answer = %+v, want %+v", s.name, got, s.want)
		}
	}
	want := []StreamState{
		{Stream: streamA, Replicated: 6, Acknowledged: 4},
		{Stream: streamB, Replicated: 11, Acknowledged: 10},
	}
	if diff := cmp.Diff(timeless(r.all()), want); diff != "" {
		t.Errorf("streams (-got +want):\n%s", diff)
	}
}

func timeless(states []StreamState) []StreamState {
	for i := range states {
		states[i].LastAckAt = time.Time{}
	}
	return states
}

// Raft shows entries again after a restart. They must change nothing, whatever came after them.
func TestApplyAgainChangesNothing(t *testing.T) {
	dir := t.TempDir()
	entries := []*raft.Log{
		entry(1, shipOf(t, streamA, 1, 5)), entry(2, ackOf(streamA, 3)), entry(3, shipOf(t, streamA, 6, 5)),
	}
	r := newReplica(t, dir)
	if err := r.apply(entries, make([]any, 3)); err != nil {
		t.Fatal(err)
	}
	before := contents(t, r)
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	r = newReplica(t, dir)
	if got := r.appliedIndex(); got != 3 {
		t.Fatalf("applied after reopening = %d, want 3", got)
	}
	if err := r.apply(entries, make([]any, 3)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(contents(t, r), before); diff != "" {
		t.Errorf("after replay (-got +want):\n%s", diff)
	}
}

// contents is the snapshot stream: every key and value in order.
func contents(t testing.TB, r *replica) string {
	t.Helper()
	d, err := r.dump()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b, err := io.ReadAll(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// One log cut into different batches must give the same replica on every gateway.
func TestApplyIsDeterministic(t *testing.T) {
	one, many := newReplica(t, t.TempDir()), newReplica(t, t.TempDir())
	var index uint64
	rapid.Check(t, func(rt *rapid.T) {
		entries := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) *raft.Log {
			index++
			return entry(index, drawCommand(rt, t))
		}), 1, 12).Draw(rt, "entries")
		for _, e := range entries {
			applyOne(t, one, e)
		}
		for rest := entries; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "batch")
			if err := many.apply(rest[:n], make([]any, n)); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if got, want := contents(t, many), contents(t, one); got != want {
			rt.Fatalf("replicas differ after %d entries", len(entries))
		}
	})
}

func drawCommand(rt *rapid.T, t testing.TB) command {
	s := rapid.SampledFrom([]contract.Stream{streamA, streamB}).Draw(rt, "stream")
	seq := rapid.Uint64Range(1, 40).Draw(rt, "seq")
	switch rapid.IntRange(0, 8).Draw(rt, "kind") {
	case 0, 1:
		return ackOf(s, seq)
	case 2:
		return sealOf(s, seq)
	case 3:
		return pruneOf(s, seq)
	}
	return shipOf(t, s, seq, rapid.IntRange(1, 10).Draw(rt, "count"))
}

// The model is a slice of numbers per stream and knows nothing of Badger, batches or indexes.
func TestApplyAgainstModel(t *testing.T) {
	r := newReplica(t, t.TempDir())
	type stream struct{ through, acked, sealed, pruned uint64 }
	model := map[contract.Stream]*stream{streamA: {}, streamB: {}}
	var index uint64
	rapid.Check(t, func(rt *rapid.T) {
		c := drawCommand(rt, t)
		index++
		got := applyOne(t, r, entry(index, c))
		m := model[c.stream]
		want := answer{}
		switch {
		case c.kind == kindAck:
			m.acked = max(m.acked, c.seq)
			want.through = m.acked
		case c.kind == kindSeal:
			m.sealed = max(m.sealed, c.seq)
			want.through = m.sealed
		case c.kind == kindPrune:
			if m.through > 0 {
				m.pruned = max(m.pruned, min(c.seq, m.through-1, m.acked, m.sealed))
			}
			want.through = m.pruned
		case c.seq > m.through+1 && c.seq > m.acked+1:
			want = answer{code: codeGap, through: m.through}
		default:
			for range c.records {
				if c.seq > m.through {
					m.through = c.seq
				}
				c.seq++
			}
			want.through = m.through
		}
		if got != want {
			rt.Fatalf("answer = %+v, want %+v", got, want)
		}
		if _, err := r.read(c.stream, m.pruned, 1, contract.MaxRecord); m.pruned > 0 && !errors.Is(err, ErrNotFound) {
			rt.Fatalf("record %d can be read: %v", m.pruned, err)
		}
	})
}

// A batch that one transaction cannot hold is applied whole all the same, and each entry gets its own answer.
func TestApplySplitsWhatIsTooBig(t *testing.T) {
	r := newReplica(t, t.TempDir())
	const entries, each = 64, 256 // 16,384 records; a transaction of these options holds some 13,000
	batch, answers := make([]*raft.Log, entries), make([]any, entries)
	for i := range batch {
		batch[i] = entry(uint64(i+1), shipOf(t, streamA, uint64(i*each+1), each))
	}
	if err := r.apply(batch, answers); err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if want := (answer{through: uint64(i+1) * each}); a != any(want) {
			t.Fatalf("answer %d = %+v, want %+v", i, a, want)
		}
	}
	got, err := r.read(streamA, entries*each, 2, 1<<20)
	if err != nil || len(got) != 1 {
		t.Errorf("read of the last = %d records, %v", len(got), err)
	}
}

// What this build does not know must stop it: its replica would become another than its peers'.
func TestApplyStopsAtNewerCommand(t *testing.T) {
	r := newReplica(t, t.TempDir())
	f := &fsm{replica: r, fault: newFault(), space: func() error { return nil }, took: newNodeMetrics(nil).applied}
	e := entry(1, ackOf(streamA, 1))
	e.Data[0] = newestCommand + 1
	if _, stopped := f.Apply(e).(error); !stopped {
		t.Error("a newer command was answered")
	}
	if err := <-f.fault.failed; err == nil {
		t.Error("no failure reported")
	}
	if _, stopped := f.Apply(entry(2, shipOf(t, streamA, 1, 1))).(error); !stopped {
		t.Error("an entry was applied after the failure")
	}
	if got := r.appliedIndex(); got != 0 {
		t.Errorf("applied = %d, want 0", got)
	}
}

// A full disk would kill Badger: nothing is written to it below the reserve.
func TestApplyStopsBeforeTheDiskIsFull(t *testing.T) {
	r := newReplica(t, t.TempDir())
	f := &fsm{replica: r, fault: newFault(), space: func() error { return checkSpace(t.TempDir(), 1<<60) }, took: newNodeMetrics(nil).applied}
	f.Apply(entry(1, shipOf(t, streamA, 1, 1)))
	if err := f.fault.latched(); err == nil {
		t.Error("applied although the disk is as good as full")
	}
	if _, err := f.Snapshot(); err == nil {
		t.Error("a snapshot after the failure would let Raft forget what was not applied")
	}
	if got := r.stream(streamA).Replicated; got != 0 {
		t.Errorf("replicated = %d, want 0", got)
	}
}
