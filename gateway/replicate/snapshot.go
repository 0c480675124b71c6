package replicate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/hashicorp/raft"

	"github.com/rollcall-edge/rollcall/gateway/failpoint"
)

// snapshots is Raft's snapshot store over the replica. The replica is the snapshot: taking one notes how far the Raft log
// may be forgotten, and data is streamed only when a follower needs it. So no card is worn by copies of what it holds.
//
// The stream may be newer than the index it is listed under. That is sound: it holds committed entries only, and it names
// the last one, up to which its receiver passes entries over.
type snapshots struct {
	replica *replica
	fault   *fault
}

// arrivedPrefix marks the id of a snapshot that has been received and waits to be exchanged for the current database.
const arrivedPrefix = "arrived-"

// Create implements raft.SnapshotStore, for a snapshot taken here and for one that comes from the leader.
func (s *snapshots) Create(version raft.SnapshotVersion, index, term uint64, members raft.Configuration, membersIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	if err := s.fault.latched(); err != nil {
		return nil, err
	}
	return &intake{store: s, meta: raft.SnapshotMeta{
		Version: version, ID: fmt.Sprintf("%d-%d", term, index), Index: index, Term: term,
		Configuration: members, ConfigurationIndex: membersIndex,
	}}, nil
}

// List implements raft.SnapshotStore.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	meta, err := s.replica.snapshot()
	if err != nil || meta.Index == 0 {
		return nil, err
	}
	return []*raft.SnapshotMeta{&meta}, nil
}

// Open implements raft.SnapshotStore. What has just arrived has no stream: Restore takes the database it was loaded into.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	if strings.HasPrefix(id, arrivedPrefix) {
		return &raft.SnapshotMeta{ID: id}, io.NopCloser(bytes.NewReader(nil)), nil
	}
	meta, err := s.replica.snapshot()
	if err != nil {
		return nil, nil, err
	}
	if meta.ID != id {
		return nil, nil, fmt.Errorf("open snapshot %q: %w", id, ErrNotFound)
	}
	stream, err := s.replica.dump()
	if errors.Is(err, ErrDamaged) {
		return nil, nil, s.fault.report(err)
	}
	if err != nil {
		return nil, nil, err
	}
	meta.Size = stream.size
	return &meta, stream, nil
}

// intake is Raft's sink: it notes a snapshot taken here, or loads one that arrives into a database of its own.
type intake struct {
	store  *snapshots
	meta   raft.SnapshotMeta
	onDisk bool // taken here
	load   *loader
}

// ID implements raft.SnapshotSink.
func (i *intake) ID() string {
	if i.onDisk {
		return i.meta.ID
	}
	return arrivedPrefix + i.meta.ID
}

// Write implements io.Writer; it refuses what is not a sound stream.
func (i *intake) Write(p []byte) (int, error) {
	if i.load == nil {
		load, err := i.store.replica.receive()
		if err != nil {
			return 0, err
		}
		i.load = load
	}
	return i.load.Write(p)
}

// Close implements io.Closer: the snapshot counts when it returns nil.
func (i *intake) Close() error {
	if i.onDisk {
		if err := i.store.replica.note(i.meta); err != nil {
			return i.store.fault.report(err)
		}
		return nil
	}
	if i.load == nil {
		return fmt.Errorf("%w: it is empty", ErrSnapshot)
	}
	return i.load.finish(i.meta)
}

// Cancel implements raft.SnapshotSink.
func (i *intake) Cancel() error {
	if i.load == nil {
		return nil
	}
	return i.load.abandon()
}

// note makes meta the snapshot that the replica stands for.
func (r *replica) note(meta raft.SnapshotMeta) error {
	raw, err := json.Marshal(meta)
	if err != nil {
		return fmt.Errorf("note snapshot: %w", err)
	}
	r.swap.RLock()
	defer r.swap.RUnlock()
	if r.db == nil {
		return fmt.Errorf("note snapshot: %w", ErrClosed)
	}
	failpoint.Hit(failpoint.SnapshotNote)
	return guarded("note snapshot", func() error {
		return r.db.Update(func(txn *badger.Txn) error { return txn.Set([]byte(snapshotKey), raw) })
	})
}

// snapshot is what was noted last; its index is 0 when nothing was.
func (r *replica) snapshot() (meta raft.SnapshotMeta, err error) {
	err = r.view("read snapshot note", func(txn *badger.Txn) error {
		raw, err := valueOf(txn, []byte(snapshotKey))
		if err != nil || raw == nil {
			return err
		}
		return json.Unmarshal(raw, &meta)
	})
	return meta, err
}
