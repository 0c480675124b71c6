package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// wreck is the directory of 20 taps, the ninth to eleventh of them in one batch: seven batches to a segment.
type wreck struct {
	dir     string
	stream  contract.Stream
	records [][]byte
}

func newWreck(t *testing.T, key *Key) wreck {
	t.Helper()
	o := options(t)
	o.Key = key
	j := openJournal(t, o)
	for n := 1; n <= 20; n++ {
		if n == 9 {
			appendTogether(t, j, "9", "10", "11")
			n = 11
			continue
		}
		appendTaps(t, j, fmt.Sprint(n))
	}
	records, err := j.Read(1, math.MaxInt, math.MaxInt)
	if err != nil || len(records) != 20 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	w := wreck{filepath.Join(o.Dir, "live"), j.Stream(), records}
	closeJournal(t, j)
	return w
}

// appendTogether appends taps in one batch.
func appendTogether(t *testing.T, j *Journal, sessions ...string) {
	t.Helper()
	_, err := j.log.AppendFunc(len(sessions), func(first uint64, dst [][]byte) error {
		for i, s := range sessions {
			r := tap(s)
			r.ID = contract.TapID{Stream: j.Stream(), Seq: first + uint64(i)}
			b, err := contract.AppendRecord(nil, r)
			if err != nil {
				return err
			}
			dst[i] = b
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inBlock changes block n of segment id.
func (w wreck) inBlock(t *testing.T, id uint64, n int, change func([]byte)) {
	t.Helper()
	name := filepath.Join(w.dir, segmentName(id))
	b := readFile(t, name)
	change(b[n*block : (n+1)*block])
	writeFile(t, name, b)
}

// Segment 1 holds the stream's name and 1 to 6, in blocks of their own; segment 2 holds 7, 8, then 9 to 11 together in its block 3,
// then 12 to 15; segment 3 the rest.
func TestSalvageReadsAllThatIsSound(t *testing.T) {
	clearBlock := func(b []byte) { clear(b) }
	for _, tt := range []struct {
		name    string
		do      func(t *testing.T, w wreck)
		missing []Range
		damage  string // of the first, with file and byte
	}{
		{"nothing", func(*testing.T, wreck) {}, nil, ""},
		{"a block of zeroes", func(t *testing.T, w wreck) { w.inBlock(t, 1, 3, clearBlock) },
			[]Range{{2, 2}}, "0000000000000001.seg, byte 12288: nothing readable where number 2 should be"},
		{"a bit in one of three records", func(t *testing.T, w wreck) {
			w.inBlock(t, 2, 3, func(b []byte) { b[len(bytes.TrimRight(b, "\x00"))/2] ^= 1 })
		}, []Range{{10, 10}}, "0000000000000002.seg, byte 12288: nothing readable where number 10 should be"},
		{"the header of a batch", func(t *testing.T, w wreck) { w.inBlock(t, 2, 3, func(b []byte) { b[5] ^= 1 }) }, nil, ""},
		{"the header of the first segment", func(t *testing.T, w wreck) { w.inBlock(t, 1, 0, clearBlock) },
			nil, "0000000000000001.seg, byte 0: no sound header; single records are looked for"},
		{"the header of a later segment", func(t *testing.T, w wreck) { w.inBlock(t, 2, 0, func(b []byte) { b[30] ^= 1 }) },
			nil, "0000000000000002.seg, byte 0: no sound header; single records are looked for"},
		{"a segment gone", func(t *testing.T, w wreck) { remove(t, filepath.Join(w.dir, segmentName(2))) },
			[]Range{{7, 15}}, "0000000000000002.seg, byte 0: the file is missing"},
		{"a segment cut", func(t *testing.T, w wreck) {
			name := filepath.Join(w.dir, segmentName(1))
			writeFile(t, name, readFile(t, name)[:6*block])
		}, []Range{{5, 6}}, "0000000000000001.seg, byte 24576: nothing readable where number 5 to 6 should be"},
		{"two batches in each other's place", func(t *testing.T, w wreck) {
			name := filepath.Join(w.dir, segmentName(1))
			b := readFile(t, name)
			two := bytes.Clone(b[2*block : 3*block])
			copy(b[2*block:], b[5*block:6*block])
			copy(b[5*block:], two)
			writeFile(t, name, b)
		}, nil, ""},
		{"two holes", func(t *testing.T, w wreck) {
			w.inBlock(t, 1, 7, clearBlock)
			w.inBlock(t, 3, 1, clearBlock)
		}, []Range{{6, 6}, {16, 16}}, "0000000000000001.seg, byte 28672: nothing readable where number 6 should be"},
	} {
		for _, key := range []*Key{nil, testKey(t, 1)} {
			t.Run(fmt.Sprintf("%s, encrypted %v", tt.name, key != nil), func(t *testing.T) {
				w := newWreck(t, key)
				tt.do(t, w)
				r, err := Salvage(w.dir, key)
				if err != nil {
					t.Fatal(err)
				}
				checkRemains(t, r, w, tt.missing)
				if got := fmt.Sprint(r.Damage); tt.damage == "" && len(r.Damage) > 0 || !strings.Contains(got, tt.damage) {
					t.Errorf("damage = %s, want %q", got, tt.damage)
				}
			})
		}
	}
}

func remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func checkRemains(t *testing.T, r *Remains, w wreck, missing []Range) {
	t.Helper()
	if r.Stream != w.stream {
		t.Errorf("stream = %s, want %s", r.Stream, w.stream)
	}
	if diff := cmp.Diff(missing, r.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	for seq := uint64(1); seq <= 20; seq++ {
		gone := false
		for _, m := range missing {
			gone = gone || m.First <= seq && seq <= m.Last
		}
		got, err := r.Read(seq, 1, 1)
		if gone != errors.Is(err, ErrNotFound) || !gone && (err != nil || !bytes.Equal(got[0], w.records[seq-1])) {
			t.Errorf("Read(%d) = %d records, %v; gone %v", seq, len(got), err, gone)
		}
	}
}

// Two damaged copies of one stream make up for each other.
func TestRemainsOfTwoCopiesAddUp(t *testing.T) {
	w := newWreck(t, nil)
	copied := wreck{t.TempDir(), w.stream, w.records}
	for id := uint64(1); id <= 3; id++ {
		writeFile(t, filepath.Join(copied.dir, segmentName(id)), readFile(t, filepath.Join(w.dir, segmentName(id))))
	}
	w.inBlock(t, 1, 2, func(b []byte) { clear(b) })
	copied.inBlock(t, 1, 4, func(b []byte) { clear(b) })
	one, err := Salvage(w.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Salvage(copied.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	one.Add(two)
	checkRemains(t, one, w, nil)
}

// What a person has to settle is no damage: a key, a newer format.
func TestSalvageAsksForTheKey(t *testing.T) {
	w := newWreck(t, testKey(t, 1))
	for _, key := range []*Key{nil, testKey(t, 2)} {
		_, err := Salvage(w.dir, key)
		checkIs(t, err, ErrKey)
	}
}

// A card may be read only, in somebody else's computer: nothing is written, and nothing is locked.
func TestSalvageChangesNothing(t *testing.T) {
	w := newWreck(t, nil)
	w.inBlock(t, 1, 2, func(b []byte) { clear(b) })
	before := listing(t, w.dir)
	if _, err := Salvage(w.dir, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, listing(t, w.dir)); diff != "" {
		t.Errorf("the directory changed (-before +after):\n%s", diff)
	}
}

func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		all[e.Name()] = string(readFile(t, filepath.Join(dir, e.Name())))
	}
	return all
}

// No bytes of a card make salvage panic, or believe a record that is not one.
func FuzzSalvage(f *testing.F) {
	f.Add([]byte("rcjs"), uint16(0))
	f.Add(bytes.Repeat([]byte{0xff}, 2*block), uint16(40))
	o := lazy(f)
	for _, name := range buildSegments(f, o, 5) {
		f.Add(readFile(f, name), uint16(block+30))
	}
	f.Fuzz(func(t *testing.T, b []byte, flip uint16) {
		if len(b) > 16*block {
			return
		}
		if len(b) > 0 {
			b[int(flip)%len(b)] ^= 1
		}
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, segmentName(1)), b)
		r, err := Salvage(dir, nil)
		if err != nil {
			return
		}
		for seq, ok := r.From(0); ok; seq, ok = r.From(seq + 1) {
			records, err := r.Read(seq, 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			if rec, err := contract.DecodeRecord(records[0]); err != nil || rec.ID != (contract.TapID{Stream: r.Stream, Seq: seq}) {
				t.Fatalf("record %d decodes to %v, %v", seq, rec.ID, err)
			}
		}
	})
}
