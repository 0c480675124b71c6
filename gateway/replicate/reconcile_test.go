package replicate

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// What a crash or a repair can leave of log and replica, and what Raft then finds.
func TestReconcile(t *testing.T) {
	for _, tt := range []struct {
		name        string
		from, to    uint64 // entries in the log, of term 1; none if to is 0
		snapshot    uint64 // index that the replica stands for
		term        uint64 // of the snapshot
		applied     uint64
		first, last uint64 // of the log afterwards
	}{
		{"log goes on behind the snapshot", 5, 12, 9, 1, 11, 5, 12},
		{"log ends where the snapshot does", 5, 9, 9, 1, 9, 5, 9},
		{"log begins right behind the snapshot", 10, 12, 9, 1, 9, 10, 12},
		{"snapshot installed, log not yet removed", 1, 5, 9, 2, 9, 0, 0},
		{"snapshot installed over another history", 1, 12, 9, 2, 9, 0, 0},
		{"snapshot installed, log removed", 0, 0, 9, 2, 9, 0, 0},
		{"no snapshot yet", 1, 12, 0, 0, 7, 1, 12},
		{"replica empty, log from the beginning", 1, 12, 0, 0, 0, 1, 12},
		{"replica empty, log shortened", 5, 12, 0, 0, 0, 1, 1},
		{"replica older than the log", 20, 25, 9, 1, 11, 1, 1},
		{"snapshot note older than the log", 20, 25, 9, 1, 22, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			layOut(t, dir, tt.from, tt.to, tt.applied, raft.SnapshotMeta{Index: tt.snapshot, Term: tt.term})
			o := Options{ID: "gw-1", Dir: dir, SegmentBytes: 32 << 10, ReserveBytes: -1, Log: slog.New(slog.DiscardHandler), Now: time.Now}
			n := &Node{o: o, fault: newFault(), members: members{{"gw-1", "127.0.0.1:1"}}}
			if err := n.openStores(); err != nil {
				t.Fatal(err)
			}
			expectRange(t, n.logs, tt.first, tt.last)
			if term, err := n.logs.GetUint64([]byte("CurrentTerm")); err != nil || term != 3 {
				t.Errorf("term = %d, %v, want 3: a vote must not be given twice", term, err)
			}
			if err := errors.Join(n.replica.close(), n.journal.Close()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// layOut makes the stores as described, with term 3 stored.
func layOut(t *testing.T, dir string, from, to, applied uint64, meta raft.SnapshotMeta) {
	t.Helper()
	s, log := newLogStore(t, filepath.Join(dir, logDir))
	if err := s.SetUint64([]byte("CurrentTerm"), 3); err != nil {
		t.Fatal(err)
	}
	if to > 0 {
		if err := s.StoreLogs(raftEntries(from, to, 1)); err != nil {
			t.Fatal(err)
		}
	}
	r := newReplica(t, dir)
	if applied > 0 {
		applyOne(t, r, entry(applied, shipOf(t, streamA, 1, 1)))
	}
	if meta.Index > 0 {
		if err := r.note(meta); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(r.close(), log.Close()); err != nil {
		t.Fatal(err)
	}
}
