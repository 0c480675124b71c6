package journal

import (
	"math"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func TestEachRecordIsSalted(t *testing.T) {
	j := openJournal(t, options(t))
	defer closeJournal(t, j)
	r := tap("a")
	r.Salt = contract.Salt{1} // a caller's salt does not count: the same record carried over to a new stream gets another
	for range 3 {
		if _, err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	encoded, err := j.Read(1, math.MaxInt, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[contract.Salt]bool{{}: true, r.Salt: true}
	for _, b := range encoded {
		r, err := contract.DecodeRecord(b)
		if err != nil {
			t.Fatal(err)
		}
		if seen[r.Salt] {
			t.Errorf("record %s has salt %x, which is not its own", r.ID, r.Salt)
		}
		seen[r.Salt] = true
	}
}

func TestSealOutlivesARestart(t *testing.T) {
	o := options(t)
	j := openJournal(t, o)
	appendTaps(t, j, "a", "b", "c")
	for _, step := range []struct {
		seq  uint64
		tree string
		want uint64
		held string
		err  error
	}{
		{2, "two", 2, "two", nil},
		{1, "one", 2, "two", nil},
		{4, "four", 2, "two", ErrAhead},
		{3, "three", 3, "three", nil},
	} {
		checkIs(t, j.Seal(step.seq, []byte(step.tree)), step.err)
		if got, tree := j.Sealed(), string(j.SealedTree()); got != step.want || tree != step.held {
			t.Errorf("after Seal(%d): Sealed = %d with %q, want %d with %q", step.seq, got, tree, step.want, step.held)
		}
	}
	closeJournal(t, j)
	j = openJournal(t, o)
	defer closeJournal(t, j)
	if got, tree := j.Sealed(), string(j.SealedTree()); got != 3 || tree != "three" {
		t.Errorf("after a restart: Sealed = %d with %q, want 3 with three", got, tree)
	}
	if _, err := j.NewStream("test"); err != nil {
		t.Fatal(err)
	}
	if got, tree := j.Sealed(), j.SealedTree(); got != 0 || len(tree) != 0 {
		t.Errorf("in a new stream: Sealed = %d with %q, want none", got, tree)
	}
}
