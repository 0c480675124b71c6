package replicate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// StreamState is how far one stream is known on this gateway.
type StreamState struct {
	Stream       contract.Stream
	Replicated   uint64    // every record up to this number is here
	Acknowledged uint64    // central holds every record up to this number
	Sealed       uint64    // central has proven every record up to this number, as the cluster last heard
	Pruned       uint64    // no record up to this number is here any more
	LastAckAt    time.Time // when this gateway last saw Acknowledged move; its start, if that was before
}

// watermarks says under which prefix each number of a stream is kept.
var watermarks = map[string]func(*StreamState) *uint64{
	replicatedPrefix:   func(st *StreamState) *uint64 { return &st.Replicated },
	acknowledgedPrefix: func(st *StreamState) *uint64 { return &st.Acknowledged },
	sealedPrefix:       func(st *StreamState) *uint64 { return &st.Sealed },
	prunedPrefix:       func(st *StreamState) *uint64 { return &st.Pruned },
}

// replica is the cluster's records and watermarks on this gateway's disk: Raft's state machine.
type replica struct {
	key    []byte // encrypts the database; nil does not
	dir    string // holds "replica", and "replica.new" while a snapshot comes in
	log    *slog.Logger
	now    func() time.Time
	speaks byte // newest version of a command that is read

	advised string // the memtable for which readPlainly gave its advice last; of one goroutine alone
	filled  int    // octets until fillAhead is due; of the state machine's goroutine alone

	swap sync.RWMutex // held for reading while a transaction lives, for writing while db is exchanged
	db   *badger.DB

	mu      sync.Mutex // guards everything that follows
	streams map[contract.Stream]StreamState
	applied uint64
	moved   chan struct{} // closed and replaced when anything above changes
}

const (
	currentDir  = "replica"
	incomingDir = "replica.new"
	outgoingDir = "replica.old"
)

// openReplica opens the replica under dir, finishing or undoing an exchange that a crash interrupted.
func openReplica(dir string, key []byte, log *slog.Logger, now func() time.Time) (*replica, error) {
	r := &replica{dir: dir, key: key, log: log, now: now, speaks: newestCommand, moved: make(chan struct{})}
	if err := r.settle(); err != nil {
		return nil, fmt.Errorf("settle replica: %w", err)
	}
	if err := r.encryptPlain(); err != nil {
		return nil, fmt.Errorf("encrypt replica: %w", err)
	}
	db, err := openBadger(r.path(currentDir), key, log)
	if err != nil {
		return nil, err
	}
	r.db = db
	err = r.load()
	if err == nil {
		err = r.audit()
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (r *replica) path(name string) string { return filepath.Join(r.dir, name) }

// settle: the exchange begins only when the incoming database is whole, so if the current one is out of the way the
// incoming one takes its place; else it is an unfinished rest.
func (r *replica) settle() error {
	_, current := os.Stat(r.path(currentDir))
	_, incoming := os.Stat(r.path(incomingDir))
	if errors.Is(current, os.ErrNotExist) && incoming == nil {
		if err := r.rename(incomingDir, currentDir); err != nil {
			return err
		}
	}
	return errors.Join(os.RemoveAll(r.path(incomingDir)), os.RemoveAll(r.path(outgoingDir)))
}

// rename is durable when it returns.
func (r *replica) rename(from, to string) error {
	if err := os.Rename(r.path(from), r.path(to)); err != nil {
		return err
	}
	d, err := os.Open(r.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// load reads the watermarks of db into memory.
func (r *replica) load() error {
	streams := map[contract.Stream]StreamState{}
	var applied uint64
	err := r.view("read watermarks", func(txn *badger.Txn) error {
		for prefix, field := range watermarks {
			if err := eachNumber(txn, prefix, func(s contract.Stream, n uint64) {
				st := streams[s]
				st.Stream, *field(&st) = s, n
				streams[s] = st
			}); err != nil {
				return err
			}
		}
		raw, err := valueOf(txn, []byte(appliedKey))
		if err == nil && len(raw) == 8 {
			applied = binary.BigEndian.Uint64(raw)
		}
		return err
	})
	if err != nil {
		return err
	}
	r.adopt(streams, applied)
	return nil
}

// adopt makes a loaded state the current one. An acknowledgement that did not move keeps its time.
func (r *replica) adopt(streams map[contract.Stream]StreamState, applied uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s, st := range streams {
		st.LastAckAt = r.now()
		if old, ok := r.streams[s]; ok && old.Acknowledged == st.Acknowledged {
			st.LastAckAt = old.LastAckAt
		}
		streams[s] = st
	}
	r.streams, r.applied = streams, applied
	r.notifyLocked()
}

// view runs f with one consistent state of the database.
func (r *replica) view(doing string, f func(*badger.Txn) error) error {
	r.swap.RLock()
	defer r.swap.RUnlock()
	if r.db == nil {
		return fmt.Errorf("%s: %w", doing, ErrClosed)
	}
	return guarded(doing, func() error { return r.db.View(f) })
}

// eachNumber yields the streams under prefix and their numbers.
func eachNumber(txn *badger.Txn, prefix string, yield func(contract.Stream, uint64)) error {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte(prefix), PrefetchValues: true, PrefetchSize: 64})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		key := it.Item().Key()
		val, err := it.Item().ValueCopy(nil)
		if err != nil {
			return err
		}
		if len(key) != len(prefix)+8 || len(val) != 8 {
			return fmt.Errorf("%w: watermark with a key of %d and a value of %d octets", ErrDamaged, len(key), len(val))
		}
		yield(contract.Stream(key[len(prefix):]), binary.BigEndian.Uint64(val))
	}
	return nil
}

// valueOf is a copy of the value under key, nil if there is none.
func valueOf(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

// read gives the records of s from number first on: at least one, at most maxRecords, and no more than maxBytes of them
// together unless the first alone is larger. Each is proven by its own checksum. Nothing above the watermark is shown, and
// nothing that was pruned.
func (r *replica) read(s contract.Stream, first uint64, maxRecords, maxBytes int) ([][]byte, error) {
	st := r.stream(s)
	last := st.Replicated
	if first <= st.Pruned || first > last {
		return nil, fmt.Errorf("record %s: %w", contract.TapID{Stream: s, Seq: first}, ErrNotFound)
	}
	var records [][]byte
	err := r.view("read records", func(txn *badger.Txn) error {
		size := 0
		for seq := first; seq <= last && len(records) < maxRecords; seq++ {
			raw, err := r.record(txn, contract.TapID{Stream: s, Seq: seq})
			if err != nil {
				return err
			}
			if size += len(raw); size > maxBytes && len(records) > 0 {
				return nil
			}
			records = append(records, raw)
		}
		return nil
	})
	return records, err
}

func (r *replica) record(txn *badger.Txn, id contract.TapID) ([]byte, error) {
	raw, err := valueOf(txn, recordKey(id.Stream, id.Seq))
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", id, err)
	}
	if raw == nil {
		return nil, fmt.Errorf("record %s: %w", id, ErrNotFound)
	}
	if err := checkRecord(raw, id); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return raw, nil
}

// stream is the state of s, zero if it is unknown.
func (r *replica) stream(s contract.Stream) StreamState {
	r.mu.Lock()
	defer r.mu.Unlock()
	st := r.streams[s]
	st.Stream = s
	return st
}

// all is the state of every stream, ordered by its name.
func (r *replica) all() []StreamState {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.SortedFunc(maps.Values(r.streams), func(a, b StreamState) int {
		return slices.Compare(a.Stream[:], b.Stream[:])
	})
}

// appliedIndex is the index of the last Raft entry whose effect is on disk.
func (r *replica) appliedIndex() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.applied
}

// changed is closed when a watermark moves or notify is called.
func (r *replica) changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.moved
}

func (r *replica) notify() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notifyLocked()
}

func (r *replica) notifyLocked() {
	close(r.moved)
	r.moved = make(chan struct{})
}

// close waits for the transactions that live and closes the database.
func (r *replica) close() error {
	r.swap.Lock()
	defer r.swap.Unlock()
	if r.db == nil {
		return nil
	}
	db := r.db
	r.db = nil
	return guarded("close replica", db.Close)
}
