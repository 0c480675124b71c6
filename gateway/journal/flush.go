package journal

import (
	"errors"
	"path/filepath"
	"time"
)

// flush makes the staged batch durable with one write and one fdatasync, and shows it to readers. Whatever comes of it,
// the entries in the batch know and the next batch begins empty. flushing is held.
func (l *Log) flush() error {
	var err error
	if !l.staged.empty() {
		err = l.writeBatch()
	}
	for _, e := range l.whole {
		e.err = err
	}
	l.whole = l.whole[:0]
	l.staged.reset(l.next) // only writers change next, and flushing is held
	return err
}

// writeBatch finds room for the staged batch and puts it there. ErrFull leaves the log as it was; every other error
// is latched.
func (l *Log) writeBatch() error {
	if err := l.refused(); err != nil {
		return err
	}
	size := l.staged.padded()
	s := l.active()
	if s.end+size > s.size {
		if err := l.roll(l.next, false); err != nil {
			return err
		}
		s = l.active()
	}
	began := time.Now()
	if err := l.persist(s, size); err != nil {
		return err
	}
	l.o.Flushed(Flush{Last: l.next - 1, Records: len(l.staged.places), Took: time.Since(began)})
	return nil
}

// active is the segment being written. flushing is held, so it stays the last one.
func (l *Log) active() *segment {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.segs[len(l.segs)-1]
}

// publish shows the durable batch to readers.
func (l *Log) publish(s *segment, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.staged.cut != nil {
		l.forgetAboveLocked(*l.staged.cut)
	}
	for _, p := range l.staged.places {
		l.addRecordLocked(s, place{at: uint32(s.end) + p.at, size: p.size})
	}
	for _, v := range l.staged.values {
		l.keepValueLocked(v)
	}
	s.end += size
}

func (l *Log) addRecordLocked(s *segment, p place) {
	if len(s.places) == 0 {
		s.first = l.next
	}
	s.places = append(s.places, p)
	l.next++
}

// roll begins a new segment, in which the next record gets number next. The file is complete on disk, with all stable
// values in its header, before it gets its name. flushing is held, or nobody else has the log yet.
func (l *Log) roll(next uint64, reset bool) error {
	spare, err := l.takeSpare()
	if err != nil {
		return err
	}
	s, err := l.beginSegment(spare, next, reset)
	if err != nil {
		return l.fail("begin segment", err)
	}
	l.mu.Lock()
	if reset {
		for _, old := range l.segs {
			old.first, old.places = next, nil
		}
	}
	l.segs = append(l.segs, s)
	l.next = next
	l.mu.Unlock()
	l.wantSpare()
	return nil
}

func (l *Log) beginSegment(spare string, next uint64, reset bool) (*segment, error) {
	s, err := l.newSegment(next, reset)
	if err != nil {
		return nil, err
	}
	if s.file, err = l.o.FS.OpenFile(spare, 0); err != nil {
		return nil, err
	}
	if err := l.nameSegment(s, spare); err != nil {
		return nil, errors.Join(err, s.file.Close())
	}
	return s, nil
}

func (l *Log) newSegment(next uint64, reset bool) (*segment, error) {
	nonce, err := l.randomNonce()
	if err != nil {
		return nil, err
	}
	s := &segment{
		id: 1, nonce: nonce, begun: next, first: next, reset: reset, size: l.o.SegmentBytes, end: block,
		beganAt: l.o.Now(), keyed: l.o.Key != nil, key: l.o.Key,
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if n := len(l.segs); n > 0 {
		s.id = l.segs[n-1].id + 1
	}
	s.name = segmentName(s.id)
	return s, nil
}

// nameSegment writes the header and then gives the file its name.
func (l *Log) nameSegment(s *segment, spare string) error {
	l.mu.RLock()
	head := s.encodeHeader(l.values)
	l.mu.RUnlock()
	if _, err := s.file.WriteAt(head, 0); err != nil {
		return err
	}
	if err := s.file.Datasync(); err != nil {
		return err
	}
	if err := l.o.FS.Rename(spare, filepath.Join(l.o.Dir, s.name)); err != nil {
		return err
	}
	return l.o.FS.SyncDir(l.o.Dir)
}
