package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// recover reads the directory back into memory. Nothing on disk is changed before all of it has been found sound,
// except that files which never belonged to the log are cleared away.
func (l *Log) recover() error {
	names, err := l.o.FS.List(l.o.Dir)
	if err != nil {
		return fmt.Errorf("list journal directory: %w", err)
	}
	if err := l.o.FS.SyncDir(l.o.Dir); err != nil { // a process that was killed may have left names no flush has covered
		return fmt.Errorf("flush journal directory: %w", err)
	}
	ids, err := l.sortOut(names)
	if err != nil {
		return err
	}
	void, err := l.openSegments(ids)
	if err != nil {
		return err
	}
	for i, s := range l.segs {
		if i == 0 {
			l.next = s.begun
		}
		if err := l.replay(s); err != nil {
			return err
		}
	}
	return l.removeAll(void)
}

// sortOut gives the ids of the segments, ascending, takes in spares and clears away unfinished files.
func (l *Log) sortOut(names []string) ([]uint64, error) {
	var ids []uint64
	var unfinished []string
	for _, name := range names {
		if id, ok := parseID(name, segmentSuffix); ok {
			ids = append(ids, id)
		} else if id, ok := parseID(name, spareSuffix); ok {
			l.spareID = max(l.spareID, id)
			unfinished = append(unfinished, l.takeIn(name)...)
		} else if strings.HasSuffix(name, freshSuffix) {
			unfinished = append(unfinished, name)
		}
	}
	slices.Sort(ids)
	ids, err := l.dropUnborn(ids)
	if err != nil {
		return nil, err
	}
	return ids, l.removeAll(unfinished)
}

// takeIn adds a spare of an earlier run to the pool; it is returned for removal if its length is not ours.
func (l *Log) takeIn(name string) []string {
	path := filepath.Join(l.o.Dir, name)
	size, err := l.sizeOf(path)
	if err != nil || size != l.o.SegmentBytes {
		return []string{name}
	}
	l.spares = append(l.spares, path)
	return nil
}

func (l *Log) sizeOf(path string) (int64, error) {
	f, err := l.o.FS.OpenFile(path, 0)
	if err != nil {
		return 0, err
	}
	size, err := f.Size()
	return size, errors.Join(err, f.Close())
}

// dropUnborn removes the youngest segment if it has no bytes: some file systems bring a name back before the content,
// and no record can have been in it.
func (l *Log) dropUnborn(ids []uint64) ([]uint64, error) {
	if len(ids) == 0 {
		return ids, nil
	}
	name := segmentName(ids[len(ids)-1])
	size, err := l.sizeOf(filepath.Join(l.o.Dir, name))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if size > 0 {
		return ids, nil
	}
	l.o.Log.Warn("segment of zero length removed", "segment", name)
	return ids[:len(ids)-1], l.removeAll([]string{name})
}

func (l *Log) removeAll(names []string) error {
	for _, name := range names {
		if err := l.o.FS.Remove(filepath.Join(l.o.Dir, name)); err != nil {
			return fmt.Errorf("clear journal directory: %w", err)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return l.o.FS.SyncDir(l.o.Dir)
}

// openSegments opens the segments that count, youngest first, because one begun by Reset makes all older ones void;
// it returns the names of those.
func (l *Log) openSegments(ids []uint64) (void []string, err error) {
	defer func() { slices.Reverse(l.segs) }()
	for i := len(ids) - 1; i >= 0; i-- {
		s, err := l.openSegment(ids[i], i == len(ids)-1)
		if err != nil {
			return nil, err
		}
		l.segs = append(l.segs, s)
		if s.reset {
			for _, id := range ids[:i] {
				void = append(void, segmentName(id))
			}
			return void, nil
		}
		if i > 0 && ids[i-1] != ids[i]-1 {
			return nil, fmt.Errorf("%w: %s is missing", ErrDamaged, segmentName(ids[i]-1))
		}
	}
	return nil, nil
}

// openSegment opens one segment and reads its header. Only the youngest can hold what no flush has covered: that is
// flushed now, and read from the device, so that what recovery sees is what the next power cut leaves.
func (l *Log) openSegment(id uint64, youngest bool) (*segment, error) {
	name := segmentName(id)
	f, err := l.o.FS.OpenFile(filepath.Join(l.o.Dir, name), 0)
	if err != nil {
		return nil, unreadable(name, err)
	}
	s, err := l.readSegment(f, name, youngest)
	if err == nil && s.id != id {
		err = fmt.Errorf("%w: %s holds segment %d", ErrDamaged, name, s.id)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

func (l *Log) readSegment(f File, name string, youngest bool) (*segment, error) {
	if youngest {
		if err := errors.Join(f.Datasync(), f.DropCache()); err != nil {
			return nil, fmt.Errorf("flush %s: %w", name, err)
		}
	}
	size, err := f.Size()
	if err != nil {
		return nil, unreadable(name, err)
	}
	if size < block || size > maxSegment {
		return nil, fmt.Errorf("%w: %s has %d bytes", ErrDamaged, name, size)
	}
	head := make([]byte, block)
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, unreadable(name, err)
	}
	s, err := decodeHeader(head, l.o.Key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s.name, s.size, s.file = name, size, f
	return s, nil
}

func unreadable(name string, err error) error {
	return fmt.Errorf("%w: read %s: %w", ErrDamaged, name, err)
}
