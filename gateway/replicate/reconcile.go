package replicate

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// openStores opens Raft's log and the replica and makes them fit before Raft sees them.
func (n *Node) openStores() (err error) {
	if err := n.openOrigin(); err != nil {
		return err
	}
	if err = n.openReplica(); errors.Is(err, ErrDamaged) {
		err = n.setAside(err)
	}
	if err != nil {
		return err
	}
	return n.reconcile()
}

// openOrigin opens Raft's log, and another one in its place if that is the history of another cluster.
func (n *Node) openOrigin() error {
	err := n.openLog()
	if errors.Is(err, journal.ErrDamaged) {
		err = n.setLogAside(err)
	}
	if err != nil {
		return err
	}
	servers, err := n.recall()
	if err != nil {
		return err
	}
	if n.ours(servers) {
		n.origin = servers
		return nil
	}
	if err := n.journal.Close(); err != nil {
		return err
	}
	if err := n.leave(); err != nil {
		return err
	}
	return n.openLog()
}

func (n *Node) openLog() error {
	key, err := n.o.logKey()
	if err != nil {
		return err
	}
	n.journal, err = journal.OpenLog(journal.LogOptions{
		Dir: filepath.Join(n.o.Dir, logDir), SegmentBytes: n.o.SegmentBytes, ReserveBytes: n.o.ReserveBytes, Key: key,
		Log: n.o.Log, Now: n.o.Now,
	})
	if err != nil {
		return fmt.Errorf("raft log: %w", err)
	}
	n.logs = &logStore{log: n.journal, fault: n.fault}
	return nil
}

// setLogAside keeps a damaged log and begins an empty one, as if it had gone: a gateway that waited for a person would copy nothing
// for days, and lack in every majority.
func (n *Node) setLogAside(why error) error {
	name := "damaged-log-" + n.o.Now().UTC().Format("20060102T150405.000")
	n.o.Log.Warn("raft log set aside; it will be filled anew", slog.Any("reason", why), slog.String("kept", name))
	if err := (&replica{dir: n.o.Dir}).rename(logDir, name); err != nil {
		return errors.Join(why, err)
	}
	return n.openLog()
}

func (n *Node) openReplica() (err error) {
	key, err := n.o.replicaKey()
	if err != nil {
		return err
	}
	n.replica, err = openReplica(n.o.Dir, key, n.o.Log, n.o.Now)
	if err != nil {
		return err
	}
	n.replica.speaks = n.o.speaks
	return n.fits()
}

// setAside keeps a damaged replica for whoever wants to look at it and begins an empty one: the peers fill it, or the
// journal of a gateway that is alone.
func (n *Node) setAside(why error) error {
	if n.replica != nil {
		if err := n.replica.close(); err != nil {
			return errors.Join(why, err)
		}
		n.replica = nil
	}
	name := "damaged-" + n.o.Now().UTC().Format("20060102T150405.000")
	n.o.Log.Warn("replica set aside; it will be filled anew", slog.Any("reason", why), slog.String("kept", name))
	if err := (&replica{dir: n.o.Dir}).rename(currentDir, name); err != nil {
		return errors.Join(why, err)
	}
	return n.openReplica()
}

// holds is the index of the last entry whose effect is in the replica. Entries without effect come after the applied one
// and are covered by a snapshot alone.
func (n *Node) holds() (uint64, error) {
	meta, err := n.replica.snapshot()
	return max(n.replica.appliedIndex(), meta.Index), err
}

// virgin reports whether Raft never ran on this log.
func (n *Node) virgin() bool {
	term, err := n.logs.GetUint64([]byte("CurrentTerm"))
	return errors.Is(err, errNoValue) || (err == nil && term == 0)
}

// fits tells why Raft cannot go on with this replica, if so. Its index would make it pass over the entries of a new log.
func (n *Node) fits() error {
	holds, err := n.holds()
	if err != nil || holds == 0 {
		return err
	}
	if n.virgin() {
		return fmt.Errorf("%w: the raft log that it was made from is gone", ErrDamaged)
	}
	first := n.journal.First()
	if first > holds+1 {
		return fmt.Errorf("%w: it ends at raft entry %d and the log begins at %d", ErrDamaged, holds, first)
	}
	// Raft reads every entry after the snapshot at its start. One that is missing makes it refuse, for ever.
	if meta, err := n.replica.snapshot(); err != nil || first > meta.Index+1 && first > 1 {
		return errors.Join(err, fmt.Errorf("%w: its snapshot ends at raft entry %d and the log begins at %d", ErrDamaged, meta.Index, first))
	}
	return nil
}

// reconcile drops a log that does not continue the replica. Term and vote stay.
func (n *Node) reconcile() error {
	meta, err := n.replica.snapshot()
	if err != nil || n.virgin() {
		return err
	}
	first, last := n.journal.First(), n.journal.Last()
	switch {
	case meta.Index == 0 && first != 1:
		return n.beginAgain()
	case meta.Index == 0 || first == 0:
		return nil
	case last < meta.Index, n.contradicts(meta):
		// A snapshot was installed and the crash came before Raft had removed the log it replaces.
		n.o.Log.Info("raft log replaced by a snapshot", slog.Uint64("last", last), slog.Uint64("snapshot", meta.Index))
		return n.journal.Reset(meta.Index + 1)
	}
	return nil
}

// beginAgain gives an empty replica a log that begins as every founder's did, so that a leader can fill both.
func (n *Node) beginAgain() error {
	if err := n.journal.Reset(1); err != nil {
		return err
	}
	c := raft.Configuration{Servers: n.origin}
	if len(n.origin) == 0 {
		c = n.members.configuration()
	}
	return n.logs.StoreLog(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(c)})
}

// contradicts reports whether the log has another entry where the snapshot ends.
func (n *Node) contradicts(meta raft.SnapshotMeta) bool {
	if n.journal.First() > meta.Index {
		return false
	}
	var entry raft.Log
	return n.logs.GetLog(meta.Index, &entry) == nil && entry.Term != meta.Term
}
