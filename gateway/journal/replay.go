package journal

import (
	"encoding/binary"
	"fmt"
	"io"
)

// replay reads the batches of one segment into memory. Older segments have been replayed before it.
func (l *Log) replay(s *segment) error {
	if s.begun != l.next {
		return fmt.Errorf("%w: %s begins at number %d, the segments before it end at %d", ErrDamaged, s.name, s.begun, l.next-1)
	}
	for _, v := range s.carried {
		l.keepValueLocked(v)
	}
	s.carried = nil
	s.first = s.begun // a cut in an older segment has moved it, as if the records of this one had come before
	w := &window{r: s.file, size: s.size}
	for {
		b, err := w.batch(s.nonce, s.end)
		if err != nil {
			return unreadable(s.name, err)
		}
		if b == nil {
			return l.checkTail(s, w)
		}
		if err := l.replayBatch(s, b); err != nil {
			return fmt.Errorf("%w: %s: batch at byte %d: %w", ErrDamaged, s.name, s.end, err)
		}
		s.end += pad(int64(len(b)))
	}
}

// checkTail tells a torn tail, which is dropped, from damage: one batch at most was being written when the power went,
// so an intact batch behind an unreadable one means that durable records are gone.
//
// So does one of ours that was written to the wrong place of the segment: it, or what it overwrote, was acknowledged.
func (l *Log) checkTail(s *segment, w *window) error {
	at, belongs, err := l.misplaced(s, w)
	if err != nil {
		return err
	}
	if belongs != 0 {
		return fmt.Errorf("%w: %s: the batch at byte %d belongs at byte %d", ErrDamaged, s.name, at, belongs)
	}
	for off := s.end + block; off < s.size; off += block {
		b, err := w.batch(s.nonce, off)
		if err != nil {
			return unreadable(s.name, err)
		}
		if b != nil {
			return fmt.Errorf("%w: %s: nothing readable at byte %d, where number %d should be, but an intact batch at byte %d",
				ErrDamaged, s.name, s.end, l.next, off)
		}
	}
	return nil
}

// misplaced finds a batch behind the end that is intact but for its place, and the place it was made for; 0 if there is none.
// What the file held in its former life has another nonce, and lower numbers, which are not looked at further.
func (l *Log) misplaced(s *segment, w *window) (at, belongs int64, err error) {
	for at = s.end; at < s.size; at += block {
		b, err := w.bytes(at, batchHead)
		if err != nil {
			return at, 0, unreadable(s.name, err)
		}
		h, ok := parseHeader(b)
		if !ok || h.next < l.next {
			continue
		}
		if b, err = w.bytes(at, batchHead+int64(h.bytes)); err != nil {
			return at, 0, unreadable(s.name, err)
		}
		if b == nil { // longer than what is left of the file
			continue
		}
		for belongs = block; belongs < s.size; belongs += block {
			if belongs != at && h.crc == checksum(b[8:], s.nonce, uint64(belongs)) {
				return at, belongs, nil
			}
		}
	}
	return 0, 0, nil
}

func (l *Log) replayBatch(s *segment, b []byte) error {
	h, _ := parseHeader(b)
	if h.next != l.next {
		return fmt.Errorf("it begins at number %d, want %d", h.next, l.next)
	}
	return walkItems(b, h.items, func(it item) error { return l.replayItem(s, it) })
}

func (l *Log) replayItem(s *segment, it item) error {
	switch it.kind {
	case recordItem:
		return l.replayRecord(s, it)
	case valueItem:
		payload, err := s.key.open(it.payload, valueItem, 0)
		if err != nil {
			return err
		}
		v, err := decodeValue(payload)
		if err != nil {
			return err
		}
		l.keepValueLocked(v)
		return nil
	case cutItem:
		payload, err := s.key.open(it.payload, cutItem, 0)
		if err != nil {
			return err
		}
		return l.replayCut(payload)
	}
	return fmt.Errorf("item of unknown kind %d", it.kind)
}

func (l *Log) replayRecord(s *segment, it item) error {
	if it.crc != checksum(it.payload, l.next) {
		return fmt.Errorf("record %d does not match its checksum", l.next)
	}
	payload, err := s.key.open(it.payload, recordItem, l.next)
	if err != nil {
		return fmt.Errorf("record %d: %w", l.next, err)
	}
	if err := l.o.Audit(l.next, payload); err != nil {
		return fmt.Errorf("audit record %d: %w", l.next, err)
	}
	l.addRecordLocked(s, place{at: uint32(s.end) + uint32(it.at), size: uint32(len(it.payload))})
	return nil
}

func (l *Log) replayCut(payload []byte) error {
	if len(payload) != 8 {
		return fmt.Errorf("cut of %d bytes, want 8", len(payload))
	}
	last := binary.LittleEndian.Uint64(payload)
	if last >= l.next {
		return fmt.Errorf("cut after number %d, the last is %d", last, l.next-1)
	}
	l.forgetAboveLocked(last)
	return nil
}

const windowSize = 128 << 10

// window reads a file in large steps. It never holds more than the larger of windowSize and one batch.
type window struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	at   int64
}

// batch gives the batch at off without its padding, nil if no intact one begins there.
func (w *window) batch(nonce uint64, off int64) ([]byte, error) {
	b, err := w.bytes(off, batchHead)
	if err != nil {
		return nil, err
	}
	h, ok := parseHeader(b)
	if !ok {
		return nil, nil
	}
	if b, err = w.bytes(off, batchHead+int64(h.bytes)); err != nil || b == nil {
		return nil, err
	}
	if h.crc != checksum(b[8:], nonce, uint64(off)) {
		return nil, nil
	}
	return b, nil
}

// bytes gives n bytes at off, nil if the file ends before. They are valid until the next call.
func (w *window) bytes(off, n int64) ([]byte, error) {
	if off+n > w.size {
		return nil, nil
	}
	if off < w.at || off+n > w.at+int64(len(w.buf)) {
		if err := w.load(off, n); err != nil {
			return nil, err
		}
	}
	return w.buf[off-w.at:][:n], nil
}

func (w *window) load(off, n int64) error {
	size := min(max(n, windowSize), w.size-off)
	if int64(cap(w.buf)) < size {
		w.buf = make([]byte, size)
	}
	w.buf, w.at = w.buf[:size], off
	if _, err := w.r.ReadAt(w.buf, off); err != nil {
		w.buf = w.buf[:0]
		return err
	}
	return nil
}
