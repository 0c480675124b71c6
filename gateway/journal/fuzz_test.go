package journal

import (
	"bytes"
	"errors"
	"testing"
)

// memoryFile is a segment in memory.
type memoryFile struct{ b []byte }

func (f *memoryFile) ReadAt(b []byte, off int64) (int, error) {
	return bytes.NewReader(f.b).ReadAt(b, off)
}
func (f *memoryFile) WriteAt(b []byte, off int64) (int, error) {
	return copy(f.b[off:], b), nil
}
func (f *memoryFile) Close() error         { return nil }
func (f *memoryFile) Size() (int64, error) { return int64(len(f.b)), nil }
func (f *memoryFile) Allocate(int64) error { return nil }
func (f *memoryFile) Datasync() error      { return nil }
func (f *memoryFile) DropCache() error     { return nil }

// FuzzRecover opens arbitrary bytes as a segment. With fix, every checksum in it is made right first, so that the code
// behind the checksums meets nonsense too. Nothing may panic, records must come back as they lie in the file, and no
// buffer may grow past one batch.
func FuzzRecover(f *testing.F) {
	o := lazy(f)
	whole := readFile(f, buildSegments(f, o, 5)[0])
	f.Add(whole[:6*block], false)
	f.Add(whole[:3*block+50], true)
	mixed := lazy(f)
	l := openLog(f, mixed)
	appendNumbered(f, l, 3)
	if err := errors.Join(l.Set("term", []byte("7")), l.TruncateAfter(2)); err != nil {
		f.Fatal(err)
	}
	appendText(f, l, "a", "", "b")
	closeLog(f, l)
	f.Add(readFile(f, mixed.Dir+"/"+segmentName(1))[:8*block], true)
	f.Add([]byte{}, false)
	f.Fuzz(func(t *testing.T, b []byte, fix bool) {
		if fix {
			fixChecksums(b)
		}
		l, err := newLog(LogOptions{Dir: "/", FS: newCutFS(0)})
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.readSegment(&memoryFile{b: b}, segmentName(1), true)
		if err != nil {
			return
		}
		l.segs, l.next = []*segment{s}, s.begun
		if err := l.replay(s); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("replay = %v, want damage", err)
		}
		for seq := l.First(); seq != 0 && seq <= l.Last(); seq++ {
			if _, err := l.Read(seq); err != nil {
				t.Errorf("Read of a record that was replayed: %v", err)
			}
		}
	})
}

// fixChecksums makes the header and every batch in it that has our magic pass their checksums.
func fixChecksums(b []byte) {
	if len(b) < block {
		return
	}
	putHeaderChecksum(b)
	s, err := decodeHeader(b, nil)
	if err != nil {
		return
	}
	for off := block; off < len(b); off += block {
		h, ok := parseHeader(b[off:])
		if n := batchHead + int(h.bytes); ok && off+n <= len(b) {
			putUint32(b[off+4:], checksum(b[off+8:off+n], s.nonce, uint64(off)))
		}
	}
}

// FuzzItems walks arbitrary bytes as the items of a batch: no panic, and every payload lies where it is said to.
func FuzzItems(f *testing.F) {
	var b batch
	b.reset(1)
	b.addRecord([]byte("record"))
	b.addValue(value{"key", []byte("value")})
	f.Add(bytes.Clone(b.buf), b.items)
	f.Add([]byte{}, uint32(1<<31))
	f.Fuzz(func(t *testing.T, b []byte, items uint32) {
		if len(b) < batchHead {
			return
		}
		_ = walkItems(b, items, func(it item) error {
			if !bytes.Equal(b[it.at:it.at+len(it.payload)], it.payload) {
				t.Errorf("payload is not at %d", it.at)
			}
			if it.kind == valueItem {
				_, _ = decodeValue(it.payload)
			}
			return nil
		})
	})
}

// Recovery reads a whole segment of the default length with buffers of one window, whatever the segment claims.
func TestRecoveryMemoryIsBounded(t *testing.T) {
	b := make([]byte, 4<<20)
	for off := 0; off < len(b); off += block {
		putUint32(b[off:], batchMagic)
		putUint32(b[off+8:], 0xffffffff) // a batch of 4 GiB
	}
	w := &window{r: &memoryFile{b: b}, size: int64(len(b))}
	for off := int64(0); off < w.size; off += block {
		if got, err := w.batch(1, off); got != nil || err != nil {
			t.Fatalf("batch at %d = %d bytes, %v", off, len(got), err)
		}
	}
	for off := 0; off < len(b); off += block {
		putUint32(b[off+8:], maxItems)
	}
	for off := int64(0); off < w.size; off += block {
		if got, err := w.batch(1, off); got != nil || err != nil {
			t.Fatalf("batch at %d = %d bytes, %v", off, len(got), err)
		}
	}
	if limit := maxItems + batchHead; cap(w.buf) > limit {
		t.Errorf("window grew to %d bytes, want at most %d", cap(w.buf), limit)
	}
}
