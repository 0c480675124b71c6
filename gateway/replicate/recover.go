package replicate

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/hashicorp/raft"
)

// Recovered is what Recover did.
type Recovered struct {
	Index uint64 // of the last entry that is now history
	Term  uint64
}

// Recover makes the gateway whose stores lie in o.Dir a cluster of the given voters, although nobody agreed: for when a
// majority is lost for good. The gateway must not run. Every entry of its log counts as committed from now on, also one
// that was not, and what only the lost members held is gone from the cluster; their journals still have it if they can be
// read. Should the lost members come back with their disks, there are two clusters under one name: wipe them first.
//
// Do this on one gateway alone, the one whose Stats.Last is greatest, and let the others join it.
func Recover(o Options, voters []Member) (Recovered, error) {
	o.setDefaults()
	ms, err := newMembers(voters, o.ID)
	if err != nil {
		return Recovered{}, fmt.Errorf("recover: %w", err)
	}
	n := &Node{o: o, members: ms, fault: newFault(), closing: make(chan struct{})}
	r, err := n.recoverAs(ms)
	if err = errors.Join(err, n.closeStores()); err != nil {
		return Recovered{}, fmt.Errorf("recover: %w", err)
	}
	return r, nil
}

func (n *Node) recoverAs(ms members) (Recovered, error) {
	if err := n.openLog(); err != nil {
		return Recovered{}, err
	}
	if err := n.openReplica(); err != nil {
		return Recovered{}, err
	}
	if n.virgin() {
		return Recovered{}, errors.New("this gateway has never been in a cluster; start it instead")
	}
	end, err := n.applyRest()
	if err != nil {
		return Recovered{}, err
	}
	meta := raft.SnapshotMeta{
		Version: raft.SnapshotVersionMax, ID: fmt.Sprintf("%d-%d", end.Term, end.Index), Index: end.Index, Term: end.Term,
		Configuration: ms.configuration(), ConfigurationIndex: 1, // as raft.RecoverCluster does
	}
	if err := n.replica.note(meta); err != nil {
		return Recovered{}, err
	}
	if err := n.journal.Reset(end.Index + 1); err != nil {
		return Recovered{}, err
	}
	n.origin = nil
	n.roster = newRoster(Desired{})
	n.roster.attach(func() []raft.Server { return ms.configuration().Servers })
	n.remember()
	n.o.Log.Warn("cluster recovered by hand", slog.Uint64("index", end.Index), slog.Int("voters", len(ms)))
	return end, errors.Join(n.logs.SetUint64(newcomerKey, 0), n.logs.SetUint64(recoveredKey, 1))
}

// applyRest brings the entries that the replica lacks into it, and tells where history ends.
func (n *Node) applyRest() (Recovered, error) {
	meta, err := n.replica.snapshot()
	if err != nil {
		return Recovered{}, err
	}
	end := Recovered{Index: meta.Index, Term: meta.Term}
	for i := max(n.journal.First(), end.Index+1); n.journal.First() != 0 && i <= n.journal.Last(); i++ {
		var e raft.Log
		if err := n.logs.GetLog(i, &e); err != nil {
			return Recovered{}, err
		}
		answers := make([]any, 1)
		if err := n.replica.apply([]*raft.Log{&e}, answers); err != nil {
			return Recovered{}, err
		}
		if err, ok := answers[0].(error); ok {
			return Recovered{}, err
		}
		end = Recovered{Index: e.Index, Term: e.Term}
	}
	if end.Index == 0 {
		return Recovered{}, errors.New("neither a snapshot nor an entry lies here; start the gateway instead")
	}
	return end, nil
}
