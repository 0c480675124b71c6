package seal

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// desk is a notary over a real journal.
type desk struct {
	*Notary
	t       *testing.T
	o       journal.Options
	journal *journal.Journal
	key     ed25519.PrivateKey
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, o: journal.Options{Dir: t.TempDir(), SegmentBytes: 32 << 10, ReserveBytes: -1}}
	d.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	d.open()
	t.Cleanup(func() { d.journal.Close() })
	return d
}

func (d *desk) open() {
	d.t.Helper()
	var err error
	if d.journal, err = journal.Open(d.o); err != nil {
		d.t.Fatal(err)
	}
	d.Notary = New(Options{Journal: d.journal, Gateway: "library", Key: func() ed25519.PrivateKey { return d.key }, Log: slog.New(slog.DiscardHandler)})
}

func (d *desk) restart() {
	d.t.Helper()
	if err := d.journal.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.open()
}

func (d *desk) tap(n int) {
	d.t.Helper()
	for range n {
		_, err := d.journal.Append(contract.Record{
			Stamp: contract.Stamp{At: time.Unix(1_790_000_000, 0).UTC(), Quality: contract.NeverSet},
			Tap:   &contract.Tap{Point: "p", Evidence: contract.EvidenceCard, Outcome: contract.Unjudged, Reason: contract.NoTimetable},
		})
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

func (d *desk) batch(first uint64, n int) contract.Batch {
	d.t.Helper()
	records, err := d.journal.Read(first, n, 1<<20)
	if err != nil || len(records) != n {
		d.t.Fatalf("Read(%d, %d) = %d records, %v", first, n, len(records), err)
	}
	return contract.Batch{Stream: d.journal.Stream(), First: first, Records: records}
}

// root is the root over the first n records by another path: all hashes stored, and tlog's own tree.
func (d *desk) root(n uint64) tlog.Hash {
	d.t.Helper()
	var stored hashes
	for i, r := range d.batch(1, int(n)).Records {
		c, err := tree.Commit(r)
		if err != nil {
			d.t.Fatal(err)
		}
		more, err := tlog.StoredHashes(int64(i), c[:], stored)
		if err != nil {
			d.t.Fatal(err)
		}
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(int64(n), stored)
	if err != nil {
		d.t.Fatal(err)
	}
	return root
}

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = h[x]
	}
	return out, nil
}

// checkSigned signs a batch and compares size and root.
func (d *desk) checkSigned(b contract.Batch, size uint64) []byte {
	d.t.Helper()
	note := d.Checkpoint(b)
	c, err := tree.Open(note, d.key.Public().(ed25519.PublicKey))
	want := tree.Checkpoint{Gateway: "library", Stream: d.journal.Stream(), Size: size, Root: d.root(size)}
	if err != nil || c != want {
		d.t.Errorf("checkpoint of records from %d = %+v, %v (trouble: %v); want %+v", b.First, c, err, d.Trouble(), want)
	}
	return note
}

func (d *desk) sealed(seq uint64) {
	d.t.Helper()
	if err := d.Sealed(contract.Receipt{Stream: d.journal.Stream(), Through: seq, Sealed: seq}); err != nil {
		d.t.Error(err)
	}
}

func TestEachBatchIsSignedAtItsLastRecord(t *testing.T) {
	d := newDesk(t)
	d.tap(600)
	d.checkSigned(d.batch(1, 3), 3)
	first := d.checkSigned(d.batch(4, 1), 4)
	if again := d.Checkpoint(d.batch(2, 3)); !bytes.Equal(again, first) {
		t.Errorf("the same end was signed again as %q, want %q", again, first)
	}
	if note := d.Checkpoint(d.batch(1, 2)); note != nil || d.Trouble() != nil {
		t.Errorf("a batch that ends before what was signed has checkpoint %q, trouble %v; want neither", note, d.Trouble())
	}
	d.checkSigned(d.batch(3, 5), 7)      // overlapping
	d.checkSigned(d.batch(590, 11), 600) // a sweeper sent what lies between
}

func TestTreeGoesOnFromTheSealAfterARestart(t *testing.T) {
	d := newDesk(t)
	d.tap(40)
	d.checkSigned(d.batch(1, 10), 10)
	d.sealed(10)
	d.checkSigned(d.batch(11, 10), 20)
	d.tap(1) // the seal rides with it
	d.restart()
	if got := d.journal.Sealed(); got != 10 {
		t.Fatalf("Sealed after a restart = %d, want 10", got)
	}
	d.checkSigned(d.batch(21, 5), 25)
	d.sealed(24) // of another cut: not the tree that was signed
	if got := d.journal.Sealed(); got != 10 {
		t.Errorf("Sealed = %d after a receipt for a tree that is not at hand, want 10", got)
	}
	d.sealed(25)
	if got := d.journal.Sealed(); got != 25 {
		t.Errorf("Sealed = %d, want 25", got)
	}
}

func TestANewStreamHasATreeOfItsOwn(t *testing.T) {
	d := newDesk(t)
	d.tap(3)
	old := d.batch(1, 3)
	d.checkSigned(old, 3)
	if _, err := d.journal.NewStream("test"); err != nil {
		t.Fatal(err)
	}
	d.tap(2)
	if note := d.Checkpoint(old); note != nil {
		t.Errorf("a batch of the old stream is signed: %q", note)
	}
	d.checkSigned(d.batch(1, 2), 2)
	if err := d.Sealed(contract.Receipt{Stream: old.Stream, Sealed: 2}); err != nil || d.journal.Sealed() != 0 {
		t.Errorf("a receipt of the old stream sealed the new one to %d, %v", d.journal.Sealed(), err)
	}
}

func TestNothingIsSignedWithoutAKeyCentralKnows(t *testing.T) {
	d := newDesk(t)
	key := d.key
	d.tap(4)
	d.key = nil
	if note := d.Checkpoint(d.batch(1, 2)); note != nil || d.Trouble() != nil {
		t.Errorf("checkpoint without a key = %q, trouble %v", note, d.Trouble())
	}
	d.key = key
	d.checkSigned(d.batch(3, 2), 4)
}

// A journal of an earlier release, which has dropped records that nobody had signed: its records leave without a checkpoint.
func TestAStreamWithoutItsBeginningIsInTrouble(t *testing.T) {
	d := newDesk(t)
	d.tap(3)
	d.Notary = New(Options{Journal: pruned{d.journal}, Gateway: "library", Key: func() ed25519.PrivateKey { return d.key }, Log: slog.New(slog.DiscardHandler)})
	if note := d.Checkpoint(d.batch(3, 1)); note != nil || !errors.Is(d.Trouble(), journal.ErrNotFound) {
		t.Errorf("checkpoint = %q, trouble %v; want trouble that is ErrNotFound", note, d.Trouble())
	}
}

// pruned is a journal that has lost what was before record 3.
type pruned struct{ *journal.Journal }

func (p pruned) Read(first uint64, n, bytes int) ([][]byte, error) {
	if first < 3 {
		return nil, journal.ErrNotFound
	}
	return p.Journal.Read(first, n, bytes)
}
