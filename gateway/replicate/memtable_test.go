package replicate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

// readAhead are the mappings of memtables below dir in which the kernel reads ahead, as the kernel itself says (VmFlags of
// proc_pid_smaps(5), "rr" is the advice), of how many.
func readAhead(t *testing.T, dir string) (ahead []string, all int) {
	t.Helper()
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	var path string
	for line := range strings.Lines(string(smaps)) {
		if at := strings.Index(line, dir); at >= 0 {
			path = strings.TrimSpace(line[at:])
		}
		flags, ok := strings.CutPrefix(line, "VmFlags:")
		if !ok {
			continue
		}
		if strings.HasSuffix(path, ".mem") {
			all++
			if !strings.Contains(flags, " rr") {
				ahead = append(ahead, path)
			}
		}
		path = ""
	}
	return ahead, all
}

// Of every memtable, also the one that follows the first when that is full.
func TestMemtablesAreNotReadAhead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with a space")
	r := newReplica(t, dir)
	fill := func() {
		for n := range 10 << 20 / 8192 {
			err := r.db.Update(func(txn *badger.Txn) error { return txn.Set(number(uint64(n)), make([]byte, 8192)) })
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	first, err := newestMemtable(r.path(currentDir))
	if err != nil {
		t.Fatal(err)
	}
	r.readPlainly()
	if ahead, all := readAhead(t, dir); len(ahead) > 0 || all == 0 {
		t.Errorf("at first, of %d memtables the kernel reads ahead in %v", all, ahead)
	}
	fill()
	if second, err := newestMemtable(r.path(currentDir)); err != nil || second == first {
		t.Fatalf("still %s after 10 MiB: %v", second, err)
	}
	r.readPlainly()
	if ahead, all := readAhead(t, dir); len(ahead) > 0 || all == 0 {
		t.Errorf("later, of %d memtables the kernel reads ahead in %v", all, ahead)
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
}

// What is applied goes into blocks of the memtable's file that are there already: they come in steps, not one by one.
func TestMemtablesAreFilledAhead(t *testing.T) {
	r := newReplica(t, t.TempDir())
	const batches, each = 400, 5 // some 400 KiB
	var lengths []int64
	for i := range uint64(batches) {
		applyOne(t, r, entry(i+1, shipOf(t, streamA, i*each+1, each)))
		path, err := newestMemtable(r.path(currentDir))
		if err != nil {
			t.Fatal(err)
		}
		length, err := holeIn(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(lengths) == 0 || lengths[len(lengths)-1] != length {
			lengths = append(lengths, length)
		}
	}
	if len(lengths) > 2 || lengths[0] < fillStep || lengths[len(lengths)-1] > 2*fillStep+1<<16 {
		t.Errorf("its blocks ended at %v, want one or two steps of %d", lengths, fillStep)
	}
}
