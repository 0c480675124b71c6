package journal

import (
	"encoding/binary"
	"fmt"
	"sort"
)

// Read gives a copy of the record numbered seq, or ErrNotFound. It checks the record's checksum, which covers its
// number; a record that does not check out, or cannot be read, is a storage error and latched as such.
func (l *Log) Read(seq uint64) ([]byte, error) {
	l.mu.RLock()
	if err := l.refusedLocked(); err != nil {
		l.mu.RUnlock()
		return nil, err
	}
	s, p, ok := l.findLocked(seq)
	if !ok {
		l.mu.RUnlock()
		return nil, fmt.Errorf("record %d: %w", seq, ErrNotFound)
	}
	s.inUse.RLock()
	l.mu.RUnlock()
	defer s.inUse.RUnlock()
	payload, err := s.read(seq, p)
	if err != nil {
		return nil, l.fail(fmt.Sprintf("read record %d", seq), err)
	}
	return payload, nil
}

// findLocked says where record seq lies.
func (l *Log) findLocked(seq uint64) (*segment, place, bool) {
	after := sort.Search(len(l.segs), func(i int) bool { return l.segs[i].first > seq })
	if after == 0 {
		return nil, place{}, false
	}
	s := l.segs[after-1] // of several that begin with the same number, only the last can have records
	if seq-s.first >= uint64(len(s.places)) {
		return nil, place{}, false
	}
	return s, s.places[seq-s.first], true
}

// read gives one record's payload, proven by its checksum.
func (s *segment) read(seq uint64, p place) ([]byte, error) {
	b := make([]byte, itemHead+p.size)
	if _, err := s.file.ReadAt(b, int64(p.at)-itemHead); err != nil {
		return nil, err
	}
	payload := b[itemHead:]
	if binary.LittleEndian.Uint32(b) != uint32(recordItem)<<24|p.size ||
		binary.LittleEndian.Uint32(b[4:]) != checksum(payload, seq) {
		return nil, fmt.Errorf("%w: %s: record at byte %d does not match its checksum", ErrDamaged, s.name, p.at)
	}
	plain, err := s.key.open(payload, recordItem, seq)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: record at byte %d: %w", ErrDamaged, s.name, p.at, err)
	}
	return plain, nil
}
