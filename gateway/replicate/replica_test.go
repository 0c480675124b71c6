package replicate

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"
)

// A small board must not be asked for gigabytes of address space or hundreds of megabytes of memory.
func TestBadgerOptionsSuitASmallBoard(t *testing.T) {
	o := badgerOptions(t.TempDir(), nil, slog.New(slog.DiscardHandler))
	for _, tt := range []struct {
		name      string
		got, most int64
	}{
		{"ValueLogFileSize", o.ValueLogFileSize, 64 << 20},
		{"MemTableSize", o.MemTableSize, 16 << 20},
		{"NumMemtables", int64(o.NumMemtables), 2},
		{"BlockCacheSize", o.BlockCacheSize, 8 << 20},
		{"IndexCacheSize", o.IndexCacheSize, 8 << 20},
	} {
		if tt.got > tt.most {
			t.Errorf("%s = %d, at most %d", tt.name, tt.got, tt.most)
		}
	}
	if !o.SyncWrites {
		t.Error("SyncWrites is off: Raft may forget an entry that is not on disk")
	}
}

// A power cut leaves files that were created and not written; Badger alone would refuse to open.
func TestOpenAfterCutBetweenCreateAndWrite(t *testing.T) {
	dir := t.TempDir()
	r := newReplica(t, dir)
	applyOne(t, r, entry(1, shipOf(t, streamA, 1, 3)))
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"00007.mem", "000009.vlog"} {
		if err := os.WriteFile(filepath.Join(dir, currentDir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r = newReplica(t, dir)
	if got := r.stream(streamA).Replicated; got != 3 {
		t.Errorf("replicated = %d, want 3", got)
	}
}

func TestRead(t *testing.T) {
	r := newReplica(t, t.TempDir())
	applyOne(t, r, entry(1, shipOf(t, streamA, 1, 10)))
	all := encoded(t, streamA, 1, 10)
	size := len(all[0])
	for _, tt := range []struct {
		name              string
		first             uint64
		maxRecords, bytes int
		want              [][]byte
	}{
		{"all", 1, 100, 1 << 20, all},
		{"some", 4, 2, 1 << 20, all[3:5]},
		{"as many as fit", 1, 100, 3*size + 1, all[:3]},
		{"one that does not fit", 10, 100, 1, all[9:]},
	} {
		got, err := r.read(streamA, tt.first, tt.maxRecords, tt.bytes)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", tt.name, diff)
		}
	}
	for name, first := range map[string]uint64{"0": 0, "above the watermark": 11} {
		if _, err := r.read(streamA, first, 1, 1); !errors.Is(err, ErrNotFound) {
			t.Errorf("read of %s = %v, want ErrNotFound", name, err)
		}
	}
	if _, err := r.read(streamB, 1, 1, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("read of an unknown stream = %v, want ErrNotFound", err)
	}
}

// alter changes the database behind the replica's back, as a failing card does.
func alter(t *testing.T, r *replica, change func(*badger.Txn) error) {
	t.Helper()
	if err := r.db.Update(change); err != nil {
		t.Fatal(err)
	}
}

// Badger hands out flipped bits without a word; our own checksum does not.
func TestReadNamesDamage(t *testing.T) {
	r := newReplica(t, t.TempDir())
	applyOne(t, r, entry(1, shipOf(t, streamA, 1, 3)))
	raw := encoded(t, streamA, 2, 1)[0]
	raw[40] ^= 4
	alter(t, r, func(txn *badger.Txn) error { return txn.Set(recordKey(streamA, 2), raw) })
	_, err := r.read(streamA, 1, 3, 1<<20)
	if !errors.Is(err, ErrDamaged) {
		t.Fatalf("read = %v, want ErrDamaged", err)
	}
	if want := "0a01020304050607/2"; !bytes.Contains([]byte(err.Error()), []byte(want)) {
		t.Errorf("error %q does not name %s", err, want)
	}
}

// Badger opens clean after losing keys; the audit at open finds out.
func TestAuditAtOpen(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*badger.Txn) error
		sound  bool
	}{
		{"nothing lost", func(*badger.Txn) error { return nil }, true},
		{"first record lost", func(txn *badger.Txn) error { return txn.Delete(recordKey(streamB, 1)) }, false},
		{"a record lost", func(txn *badger.Txn) error { return txn.Delete(recordKey(streamA, 5)) }, false},
		{"last record lost", func(txn *badger.Txn) error { return txn.Delete(recordKey(streamA, 8)) }, false},
		{"watermark lost", func(txn *badger.Txn) error { return txn.Delete(streamKey(replicatedPrefix, streamB)) }, false},
		{"watermark cut", func(txn *badger.Txn) error { return txn.Set(streamKey(replicatedPrefix, streamB), []byte{1}) }, false},
		{"record above the watermark", func(txn *badger.Txn) error { return txn.Set(recordKey(streamA, 9), []byte{1}) }, false},
		{"a record altered", func(txn *badger.Txn) error {
			raw := encoded(t, streamA, 6, 1)[0]
			raw[40] ^= 4
			return txn.Set(recordKey(streamA, 6), raw)
		}, false},
		{"a stream fell back whole", func(txn *badger.Txn) error {
			return errors.Join(txn.Delete(recordKey(streamB, 2)), txn.Set(streamKey(replicatedPrefix, streamB), number(1)))
		}, false},
		{"an acknowledgement fell back", func(txn *badger.Txn) error {
			return txn.Set(streamKey(acknowledgedPrefix, streamA), number(2))
		}, false},
		{"of a build that noted no sum", func(txn *badger.Txn) error { return txn.Delete([]byte(sumKey)) }, true},
		{"acknowledged records may go", func(txn *badger.Txn) error { return txn.Delete(recordKey(streamA, 3)) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			r := newReplica(t, dir)
			entries := []*raft.Log{entry(1, shipOf(t, streamA, 1, 8)), entry(2, ackOf(streamA, 3)), entry(3, shipOf(t, streamB, 1, 2))}
			if err := r.apply(entries, make([]any, 3)); err != nil {
				t.Fatal(err)
			}
			alter(t, r, tt.change)
			if err := r.close(); err != nil {
				t.Fatal(err)
			}
			r, err := openReplica(dir, nil, slog.New(slog.DiscardHandler), time.Now)
			if err == nil {
				defer r.close()
			}
			if got := err == nil; got != tt.sound {
				t.Errorf("open = %v, want sound %v", err, tt.sound)
			}
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("open = %v, want ErrDamaged", err)
			}
		})
	}
}

// The sweeper asks how long an acknowledgement has not moved.
func TestLastAckAt(t *testing.T) {
	start := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	now := start
	r, err := openReplica(t.TempDir(), nil, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	for i, s := range []struct {
		c    command
		want time.Duration
	}{
		{shipOf(t, streamA, 1, 3), 0},
		{shipOf(t, streamA, 4, 3), 0},
		{ackOf(streamA, 2), 2 * time.Minute},
		{ackOf(streamA, 1), 2 * time.Minute},
		{shipOf(t, streamA, 7, 1), 2 * time.Minute},
		{ackOf(streamA, 7), 5 * time.Minute},
	} {
		now = start.Add(time.Duration(i) * time.Minute)
		applyOne(t, r, entry(uint64(i+1), s.c))
		if got := r.stream(streamA).LastAckAt.Sub(start); got != s.want {
			t.Errorf("after step %d: acknowledged at %v, want %v", i, got, s.want)
		}
	}
}
