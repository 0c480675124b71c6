package replicate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// image is a replica's directory as a power cut leaves it: tables of two runs and a memtable that no table holds yet.
// known is what the replica held after each entry, by its index.
type image struct {
	files map[string]content
	key   []byte
	known map[uint64]map[contract.Stream]StreamState
	raws  map[contract.TapID][]byte
}

// content is a file: what was written, and its size. Badger's files are mostly zeroes at their end.
type content struct {
	used []byte
	size int64
}

func newImage(t *testing.T, key []byte) *image {
	t.Helper()
	i := &image{key: key, known: map[uint64]map[contract.Stream]StreamState{0: {}}, raws: map[contract.TapID][]byte{}}
	home := t.TempDir()
	next := uint64(1)
	for range 2 {
		r := newKeyedReplica(t, home, key)
		next = i.fill(t, r, next)
		if err := r.close(); err != nil {
			t.Fatal(err)
		}
	}
	r := newKeyedReplica(t, home, key)
	i.fill(t, r, next)
	i.files = contentsOf(t, filepath.Join(home, currentDir)) // while it is open, as after kill -9
	return i
}

func contentsOf(t *testing.T, dir string) map[string]content {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]content{}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[f.Name()] = content{used: bytes.Clone(bytes.TrimRight(b, "\x00")), size: int64(len(b))}
	}
	return found
}

// write makes the file; what follows the used part is a hole.
func (c content) write(t testing.TB, name string) {
	t.Helper()
	err := os.WriteFile(name, c.used, 0o600)
	if err == nil {
		err = os.Truncate(name, c.size)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fill applies entries from index next on: records of two streams, and an acknowledgement now and then.
func (i *image) fill(t *testing.T, r *replica, next uint64) uint64 {
	t.Helper()
	for range 10 {
		for _, s := range []contract.Stream{streamA, streamB} {
			first := r.stream(s).Replicated + 1
			applyOne(t, r, entry(next, shipOf(t, s, first, 40)))
			for k, raw := range encoded(t, s, first, 40) {
				i.raws[contract.TapID{Stream: s, Seq: first + uint64(k)}] = raw
			}
			i.note(r, next)
			next++
		}
		if next%5 == 0 {
			applyOne(t, r, entry(next, ackOf(streamA, r.stream(streamA).Replicated/2)))
			i.note(r, next)
			next++
		}
	}
	return next
}

func (i *image) note(r *replica, index uint64) {
	i.known[index] = map[contract.Stream]StreamState{}
	for _, st := range r.all() {
		st.LastAckAt = time.Time{}
		i.known[index][st.Stream] = st
	}
}

// A file of Badger's that decayed, ended early or went away is found at open; or the replica is what it was at an earlier
// entry, from which Raft goes on. In no case does it serve a record that is not the one that was stored, and in no case
// does the process die, which it would again at every start.
func TestDamagedFileIsFoundOrHarmless(t *testing.T) {
	t.Run("plain", func(t *testing.T) { damageEach(t, newImage(t, nil), 2) })
	t.Run("encrypted", func(t *testing.T) { damageEach(t, newImage(t, make([]byte, 32)), 1) })
}

// damageEach damages every file in turn, with so many bits of it besides.
func damageEach(t *testing.T, whole *image, bits int) {
	kinds := map[string]bool{}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range slices.Sorted(maps.Keys(whole.files)) {
		kinds[kindOf(name)] = true
		for _, d := range damages(rng, bits, whole.files[name]) {
			t.Run(name+" "+d.name, func(t *testing.T) {
				t.Parallel()
				home := t.TempDir()
				whole.write(t, filepath.Join(home, currentDir), name, d.left)
				whole.check(t, home)
			})
		}
	}
	for _, kind := range []string{".sst", ".mem", ".vlog", "MANIFEST", "KEYREGISTRY"} {
		if !kinds[kind] {
			t.Errorf("there was no %s to damage", kind)
		}
	}
}

// write makes the directory anew, but for one file, of which that is left; nil leaves none.
func (i *image) write(t *testing.T, dir, damaged string, left *content) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range i.files {
		if name != damaged {
			c.write(t, filepath.Join(dir, name))
		} else if left != nil {
			left.write(t, filepath.Join(dir, name))
		}
	}
}

// kindOf is the extension of a file's name, or the name.
func kindOf(name string) string {
	if ext := filepath.Ext(name); ext != "" {
		return ext
	}
	return name
}

type damage struct {
	name string
	left *content // nil where nothing is
}

// damages are ways in which one file goes bad; bits turn where the file has content.
func damages(rng *rand.Rand, bits int, whole content) []damage {
	used := len(whole.used)
	cut := func(n int) *content { return &content{whole.used[:n], int64(n)} }
	change := func(f func([]byte)) *content {
		b := bytes.Clone(whole.used)
		f(b)
		return &content{b, whole.size}
	}
	page := used / 2 / 4096 * 4096
	all := []damage{
		{"deleted", nil},
		{"emptied", cut(0)},
		{"cut in the middle", cut(used / 2)},
		{"cut at its end", cut(max(used, 1) - 1)},
		{"a page of zeroes", change(func(b []byte) { clear(b[page:min(page+4096, len(b))]) })},
	}
	for range min(used, bits) {
		at, bit := rng.IntN(used), byte(1)<<rng.IntN(8)
		all = append(all, damage{fmt.Sprintf("bit at %d", at), change(func(b []byte) { b[at] ^= bit })})
	}
	return all
}

// check opens a damaged copy and compares what it shows with what the replica held at that entry.
func (i *image) check(t *testing.T, home string) {
	t.Helper()
	r, err := openReplica(home, i.key, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("open = %v, want ErrDamaged or a sound replica", err)
		}
		return
	}
	defer r.close()
	want, ok := i.known[r.appliedIndex()]
	if !ok {
		t.Fatalf("the replica stands at entry %d, which never was", r.appliedIndex())
	}
	if got := r.all(); len(got) != len(want) {
		t.Errorf("%d streams at entry %d, want %d", len(got), r.appliedIndex(), len(want))
	}
	for s, st := range want {
		got := r.stream(s)
		if got.Replicated != st.Replicated || got.Acknowledged != st.Acknowledged {
			t.Errorf("at entry %d: %+v, want %+v", r.appliedIndex(), got, st)
		}
		i.checkRecords(t, r, st)
	}
}

func (i *image) checkRecords(t *testing.T, r *replica, st StreamState) {
	t.Helper()
	for seq := uint64(1); seq <= st.Replicated; seq++ {
		id := contract.TapID{Stream: st.Stream, Seq: seq}
		got, err := r.read(st.Stream, seq, 1, 1<<20)
		if errors.Is(err, ErrNotFound) && seq <= st.Acknowledged {
			continue // central holds it
		}
		if err != nil || !bytes.Equal(got[0], i.raws[id]) {
			t.Fatalf("record %s: %v, other octets than were stored", id, err)
		}
	}
}

// The same in a cluster: what was found is set aside and filled by the peers, octet for octet.
func TestDamagedFileIsRefilledByPeers(t *testing.T) {
	for _, kind := range []string{"*.sst", "MANIFEST", "KEYREGISTRY"} {
		t.Run(kind, func(t *testing.T) {
			c := newCampus(t, 3, shortLogs)
			hurt := c.gateways[2]
			for _, g := range c.gateways {
				g.tap(20)
			}
			c.settled()
			c.gateways[0].forget()
			c.settled()
			hurt.halt()
			flipIn(t, filepath.Join(hurt.options().Dir, currentDir, kind))
			hurt.start()
			c.settled()
			if aside, err := filepath.Glob(filepath.Join(hurt.options().Dir, "damaged-*")); err != nil || len(aside) != 1 {
				t.Errorf("%d directories set aside, want 1; %v", len(aside), err)
			}
		})
	}
}

// flipIn turns a bit of the first file that matches.
func flipIn(t *testing.T, pattern string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)*3/4] ^= 4
	if err := os.WriteFile(names[0], b, fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
}
