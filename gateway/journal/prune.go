package journal

import (
	"errors"
	"path/filepath"
	"time"
)

// PruneBefore retires the oldest segments as long as every record in them has a number below seq; their files are
// used again. Records below seq that share a segment with younger ones stay, and so does the last segment.
func (l *Log) PruneBefore(seq uint64) error {
	l.pruning.Lock()
	defer l.pruning.Unlock()
	for {
		if err := l.refused(); err != nil {
			return err
		}
		s := l.prunable(seq)
		if s == nil {
			return nil
		}
		if err := l.retire(s); err != nil {
			return l.fail("retire "+s.name, err)
		}
	}
}

// prunable is the oldest segment if it may go.
func (l *Log) prunable(seq uint64) *segment {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.segs) < 2 {
		return nil
	}
	s := l.segs[0]
	if len(s.places) > 0 && s.last() >= seq {
		return nil
	}
	return s
}

// WrittenBefore gives the highest number that is known to have been written before t by the wall clock; 0 for none.
// It is exact to a segment.
func (l *Log) WrittenBefore(t time.Time) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var seq uint64
	for _, s := range l.segs {
		if s.beganAt.Before(t) {
			seq = s.begun - 1
		}
	}
	return seq
}

// retire takes the oldest segment out of the log, first on disk and then in memory, oldest first and one by one, so
// that a crash leaves the log without a hole.
func (l *Log) retire(s *segment) error {
	path := filepath.Join(l.o.Dir, s.name)
	l.mu.RLock()
	recycle := len(l.spares) < keptSpares && s.size == l.o.SegmentBytes && s.keyed == (l.o.Key != nil)
	l.mu.RUnlock()
	if !recycle {
		if err := errors.Join(l.o.FS.Remove(path), l.o.FS.SyncDir(l.o.Dir)); err != nil {
			return err
		}
		return l.drop(s)
	}
	aside := path + freshSuffix // the old name is gone for good before the file is written again
	if err := errors.Join(l.o.FS.Rename(path, aside), l.o.FS.SyncDir(l.o.Dir)); err != nil {
		return err
	}
	if err := l.drop(s); err != nil { // readers are out of the file before it may be written again
		return err
	}
	return l.addSpare(aside)
}

// drop forgets the oldest segment and waits for its readers.
func (l *Log) drop(s *segment) error {
	l.mu.Lock()
	l.segs = l.segs[1:]
	l.mu.Unlock()
	s.inUse.Lock()
	defer s.inUse.Unlock()
	return s.file.Close()
}
