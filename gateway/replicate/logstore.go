package replicate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/gateway/failpoint"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// numberedLog is what Raft's log needs of a journal.Log, which see.
type numberedLog interface {
	First() uint64
	Last() uint64
	AppendAt(first uint64, payloads ...[]byte) error
	Read(seq uint64) ([]byte, error)
	TruncateAfter(seq uint64) error
	PruneBefore(seq uint64) error
	Reset(next uint64) error
	Set(key string, value []byte) error
	Get(key string) ([]byte, bool)
}

// logStore is Raft's log, term and vote on one journal.Log. Any storage error is reported to fault, which ends the process.
type logStore struct {
	log     numberedLog
	fault   *fault
	running atomic.Bool // Raft has started its goroutines
}

var (
	_ raft.LogStore          = (*logStore)(nil)
	_ raft.MonotonicLogStore = (*logStore)(nil)
	_ raft.StableStore       = (*logStore)(nil)
)

// errNoValue has the very text by which Raft knows that a value was never set.
var errNoValue = errors.New("not found")

// IsMonotonic implements raft.MonotonicLogStore: our log has no gaps.
func (s *logStore) IsMonotonic() bool { return true }

// FirstIndex implements raft.LogStore.
func (s *logStore) FirstIndex() (uint64, error) { return s.log.First(), nil }

// LastIndex implements raft.LogStore. The number of an entry that is gone does not count.
func (s *logStore) LastIndex() (uint64, error) {
	if s.log.First() == 0 {
		return 0, nil
	}
	return s.log.Last(), nil
}

// GetLog implements raft.LogStore.
func (s *logStore) GetLog(index uint64, entry *raft.Log) error {
	raw, err := s.log.Read(index)
	if errors.Is(err, journal.ErrNotFound) {
		return raft.ErrLogNotFound
	}
	if err == nil {
		err = decodeEntry(raw, entry)
	}
	if err != nil {
		return s.fatal(fmt.Errorf("read raft entry %d: %w", index, err))
	}
	entry.Index = index
	return nil
}

// StoreLog implements raft.LogStore.
func (s *logStore) StoreLog(entry *raft.Log) error { return s.StoreLogs([]*raft.Log{entry}) }

// StoreLogs implements raft.LogStore: one flush for all.
func (s *logStore) StoreLogs(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	payloads := make([][]byte, len(entries))
	for i, e := range entries {
		payloads[i] = encodeEntry(e)
	}
	failpoint.Hit(failpoint.ReplicateStore)
	if err := s.log.AppendAt(entries[0].Index, payloads...); err != nil {
		// Raft answers who waits, steps down and would go on; fault does not let it.
		return s.fault.report(fmt.Errorf("store raft entries from %d: %w", entries[0].Index, err))
	}
	failpoint.Hit(failpoint.ReplicateStored)
	return nil
}

// DeleteRange implements raft.LogStore for what Raft really deletes: a prefix, a suffix or everything.
func (s *logStore) DeleteRange(from, to uint64) error {
	first, last := s.log.First(), s.log.Last()
	var err error
	switch {
	case first == 0:
	case from <= first && to >= last:
		err = s.log.Reset(last + 1)
	case from <= first:
		err = s.log.PruneBefore(to + 1)
	case to >= last:
		err = s.log.TruncateAfter(from - 1)
	default:
		return fmt.Errorf("delete raft entries %d to %d of %d to %d: neither prefix nor suffix", from, to, first, last)
	}
	if err != nil {
		return s.fault.report(fmt.Errorf("delete raft entries %d to %d: %w", from, to, err))
	}
	return nil
}

// Set implements raft.StableStore.
func (s *logStore) Set(key, val []byte) error {
	if err := s.log.Set(string(key), val); err != nil {
		return s.fatal(fmt.Errorf("store raft value %s: %w", key, err))
	}
	return nil
}

// Get implements raft.StableStore.
func (s *logStore) Get(key []byte) ([]byte, error) {
	val, ok := s.log.Get(string(key))
	if !ok {
		return nil, errNoValue
	}
	return val, nil
}

// SetUint64 implements raft.StableStore.
func (s *logStore) SetUint64(key []byte, val uint64) error { return s.Set(key, number(val)) }

// GetUint64 implements raft.StableStore.
func (s *logStore) GetUint64(key []byte) (uint64, error) {
	val, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	if len(val) != 8 {
		return 0, fmt.Errorf("raft value %s has %d octets, want 8", key, len(val))
	}
	return binary.BigEndian.Uint64(val), nil
}

// fatal reports err. Raft answers such an error with a panic, in its own goroutine, before anybody could show amber; so
// that goroutine ends here instead, which Raft's Shutdown takes for a finished one.
func (s *logStore) fatal(err error) error {
	err = s.fault.report(err)
	if s.running.Load() {
		runtime.Goexit()
	}
	return err
}

const entryVersion = 1

// encodeEntry writes a Raft entry without its index, which is its number in the log:
//
//	version 1 | type 1 | term uvarint | appended ns varint, 0 if unknown | extensions size uvarint | extensions | data
func encodeEntry(e *raft.Log) []byte {
	b := make([]byte, 0, 2+3*binary.MaxVarintLen64+len(e.Extensions)+len(e.Data))
	b = append(b, entryVersion, byte(e.Type))
	b = binary.AppendUvarint(b, e.Term)
	var at int64
	if !e.AppendedAt.IsZero() {
		at = e.AppendedAt.UnixNano()
	}
	b = binary.AppendVarint(b, at)
	b = binary.AppendUvarint(b, uint64(len(e.Extensions)))
	b = append(b, e.Extensions...)
	return append(b, e.Data...)
}

// decodeEntry reads what encodeEntry wrote. The entry keeps parts of b.
func decodeEntry(b []byte, e *raft.Log) error {
	if len(b) < 2 {
		return fmt.Errorf("%w: raft entry of %d octets", ErrDamaged, len(b))
	}
	if b[0] != entryVersion {
		return fmt.Errorf("raft entry has version %d, this build reads %d: upgrade this gateway", b[0], entryVersion)
	}
	kind, rest := raft.LogType(b[1]), b[2:]
	term, n := binary.Uvarint(rest)
	if n <= 0 {
		return fmt.Errorf("%w: raft entry without a term", ErrDamaged)
	}
	rest = rest[n:]
	at, n := binary.Varint(rest)
	if n <= 0 {
		return fmt.Errorf("%w: raft entry without a time", ErrDamaged)
	}
	rest = rest[n:]
	size, n := binary.Uvarint(rest)
	if n <= 0 || size > uint64(len(rest)-n) {
		return fmt.Errorf("%w: raft entry ends in its extensions", ErrDamaged)
	}
	rest = rest[n:]
	*e = raft.Log{Type: kind, Term: term, Extensions: rest[:size:size], Data: rest[size:]}
	if at != 0 {
		e.AppendedAt = time.Unix(0, at)
	}
	return nil
}
