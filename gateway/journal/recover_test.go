package journal

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lazy is small without flushes.
func lazy(t testing.TB) LogOptions {
	o := small(t)
	o.FS = lazyFS{disk{}}
	return o
}

// buildSegments writes n numbered records in blocks of their own and gives the segment files, oldest first.
func buildSegments(t testing.TB, o LogOptions, n int) []string {
	t.Helper()
	l := openLog(t, o)
	appendNumbered(t, l, n)
	closeLog(t, l)
	files, err := filepath.Glob(filepath.Join(o.Dir, "*"+segmentSuffix))
	if err != nil || len(files) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	return files
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// putHeaderChecksum makes a changed segment header valid again.
func putHeaderChecksum(b []byte) { putUint32(b[4:], checksum(b[8:block])) }

func putUint32(b []byte, v uint32) { binary.LittleEndian.PutUint32(b, v) }

func writeFile(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The four records of the log lie in blocks 1 to 4. Of a file cut at any byte, the records whose bytes are whole are
// there, no other is, and the log goes on from them.
func TestCutAtEveryByte(t *testing.T) {
	o := lazy(t)
	name := buildSegments(t, o, 4)[0]
	whole := readFile(t, name)
	ends := []int{}
	for seq := uint64(1); seq <= 4; seq++ {
		ends = append(ends, int(seq)*block+batchHead+itemHead+len(numbered(seq)))
	}
	for cut := range 5*block + 1 {
		if cut%block > 100 && cut%block < block-3 { // nothing but zeroes there
			continue
		}
		writeFile(t, name, whole[:cut])
		var want uint64
		for want < 4 && ends[want] <= cut {
			want++
		}
		l, err := OpenLog(o)
		if 0 < cut && cut < block { // the header was durable before the file had its name
			checkIs(t, err, ErrDamaged)
			continue
		}
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if l.Last() != want {
			t.Fatalf("cut at %d: Last = %d, want %d", cut, l.Last(), want)
		}
		appendNumbered(t, l, 1)
		checkNumbered(t, l)
		closeLog(t, l)
		if cut == 0 {
			name = buildSegments(t, o, 0)[0] // the empty file was removed and a new one begun
		}
		for _, extra := range extraSegments(t, o, name) {
			if err := os.Remove(extra); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// extraSegments are those begun because the cut file was too short to go on in.
func extraSegments(t *testing.T, o LogOptions, but string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(o.Dir, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	var extra []string
	for _, f := range files {
		if f != but {
			extra = append(extra, f)
		}
	}
	return extra
}

// Records 1 to 3 are acknowledged; batch 4, of three blocks, was being written when the power went.
func TestGarbledTailIsDropped(t *testing.T) {
	o := lazy(t)
	l := openLog(t, o)
	appendNumbered(t, l, 3)
	appendText(t, l, strings.Repeat("long", 2500))
	closeLog(t, l)
	name := filepath.Join(o.Dir, segmentName(1))
	whole := readFile(t, name)
	garbled := func(fill byte) func([]byte) {
		return func(b []byte) {
			for i := range b {
				b[i] = fill
			}
		}
	}
	tests := []struct {
		name string
		do   func([]byte)
	}{
		{"zeroed", garbled(0)},
		{"erased", garbled(0xff)},
		{"first bit flipped", func(b []byte) { b[0] ^= 1 }},
		{"bit flipped after the header", func(b []byte) { b[batchHead] ^= 0x80 }},
		{"old content", func(b []byte) { copy(b, whole[block:2*block]) }},
	}
	for _, tt := range tests {
		for _, at := range []int{4, 5, 6} {
			b := append([]byte{}, whole...)
			tt.do(b[at*block : (at+1)*block])
			writeFile(t, name, b)
			l := openLog(t, o)
			if l.Last() != 3 {
				t.Errorf("%s, block %d: Last = %d, want 3", tt.name, at, l.Last())
			}
			appendNumbered(t, l, 3)
			checkNumbered(t, l)
			closeLog(t, l)
		}
	}
}

// Any bit that turns before a later batch is damage and said to be: nothing behind it may pass for the end of the log.
func TestBitFlipBeforeALaterBatchIsNamed(t *testing.T) {
	o := lazy(t)
	name := buildSegments(t, o, 4)[0]
	whole := readFile(t, name)
	batch := batchHead + itemHead + len(numbered(1))
	for at := range 2*block + batch {
		if at >= block+batch && at < 2*block {
			continue // padding, which means nothing
		}
		b := append([]byte{}, whole...)
		b[at] ^= 1 << (at % 8)
		writeFile(t, name, b)
		l, err := OpenLog(o)
		if err == nil {
			t.Errorf("OpenLog with a bit flipped at %d succeeded, Last = %d", at, l.Last())
			closeLog(t, l)
			continue
		}
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), segmentName(1)) {
			t.Errorf("OpenLog with a bit flipped at %d = %v, want damage naming the file", at, err)
		}
		if got := readFile(t, name); string(got) != string(b) {
			t.Fatalf("OpenLog changed a damaged file")
		}
	}
}

func TestDamage(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, segments []string)
		want string
	}{
		{"a middle segment is missing", func(t *testing.T, s []string) {
			if err := os.Remove(s[1]); err != nil {
				t.Fatal(err)
			}
		}, "0000000000000002.seg is missing"},
		{"a middle segment is empty", func(t *testing.T, s []string) {
			writeFile(t, s[1], nil)
		}, "0000000000000002.seg has 0 bytes"},
		{"a segment ends early", func(t *testing.T, s []string) {
			writeFile(t, s[0], readFile(t, s[0])[:7*block])
		}, "0000000000000002.seg begins at number 8, the segments before it end at 6"},
		{"the last batch of an older segment is garbled", func(t *testing.T, s []string) {
			b := readFile(t, s[1])
			clear(b[7*block:])
			writeFile(t, s[1], b)
		}, "0000000000000003.seg begins at number 15, the segments before it end at 13"},
		{"two batches in each other's place", func(t *testing.T, s []string) { swapBlocks(t, s[1], 3, 5) },
			"0000000000000002.seg: the batch at byte 12288 belongs at byte 20480"},
		{"the last two batches in each other's place", func(t *testing.T, s []string) { swapBlocks(t, s[2], 5, 6) },
			"0000000000000003.seg: the batch at byte 20480 belongs at byte 24576"},
		{"a segment under another's name", func(t *testing.T, s []string) {
			writeFile(t, s[1], readFile(t, s[0]))
		}, "0000000000000002.seg holds segment 1"},
		{"a foreign file", func(t *testing.T, s []string) {
			writeFile(t, s[2], []byte(strings.Repeat("not ours ", 1000)))
		}, "0000000000000003.seg: journal is damaged: no segment header"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := lazy(t)
			tt.do(t, buildSegments(t, o, 20))
			_, err := OpenLog(o)
			checkIs(t, err, ErrDamaged)
			if err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("OpenLog = %v, want %q in it", err, tt.want)
			}
		})
	}
}

// swapBlocks puts two blocks of a file in each other's place.
func swapBlocks(t *testing.T, name string, one, other int) {
	t.Helper()
	b := readFile(t, name)
	kept := append([]byte{}, b[one*block:(one+1)*block]...)
	copy(b[one*block:(one+1)*block], b[other*block:(other+1)*block])
	copy(b[other*block:], kept)
	writeFile(t, name, b)
}

func TestNewerFormatIsRefusedAndNotDamage(t *testing.T) {
	o := lazy(t)
	name := buildSegments(t, o, 1)[0]
	b := readFile(t, name)
	b[8] = versionKeyed + 1
	putHeaderChecksum(b)
	writeFile(t, name, b)
	_, err := OpenLog(o)
	checkIs(t, err, ErrVersion)
	if errors.Is(err, ErrDamaged) {
		t.Errorf("a newer format is called damage: %v", err)
	}
}

func TestLeftoversAreClearedAway(t *testing.T) {
	o := lazy(t)
	buildSegments(t, o, 3)
	for _, name := range []string{"fresh.tmp", segmentName(9), "0000000000000007.spare"} {
		writeFile(t, filepath.Join(o.Dir, name), nil)
	}
	l := openLog(t, o)
	defer closeLog(t, l)
	if l.Last() != 3 {
		t.Errorf("Last = %d, want 3", l.Last())
	}
	for _, name := range []string{segmentName(9), "0000000000000007.spare"} {
		if _, err := os.Stat(filepath.Join(o.Dir, name)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

// A file used again still holds the batches of its former life, intact. None of them may come back.
func TestRecycledContentStaysDead(t *testing.T) {
	o := lazy(t)
	l := openLog(t, o)
	appendNumbered(t, l, 21)
	if err := l.Reset(1); err != nil { // the same numbers again, in the same files
		t.Fatal(err)
	}
	appendNumbered(t, l, 9)
	closeLog(t, l)
	l = openLog(t, o)
	defer closeLog(t, l)
	if l.First() != 1 || l.Last() != 9 {
		t.Errorf("First, Last = %d, %d, want 1, 9", l.First(), l.Last())
	}
	checkNumbered(t, l)
}
