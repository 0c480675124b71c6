package replicate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/gateway/clock"
)

const (
	maxPruned   = 512                    // records dropped by one command, so that a transaction holds them
	pruneBreath = 100 * time.Millisecond // between two commands: taps go first, also after years without pruning
)

// expendable is the highest number that may be dropped when it is old: central has proven every record up to it. The last
// one stays in any case, since shipper and journal compare it.
func (st StreamState) expendable() uint64 {
	if st.Replicated == 0 {
		return 0
	}
	return min(st.Replicated-1, st.Acknowledged, st.Sealed)
}

// prune drops records from the lowest on, and takes each into the tree over what was dropped. The tree stops where a record
// is missing.
func (s *stage) prune(c command) (answer, error) {
	st := s.of(c.stream)
	through := min(c.seq, st.expendable())
	if through <= st.Pruned {
		return answer{through: st.Pruned}, nil
	}
	grown, err := frontierOf(s.txn, c.stream)
	if err != nil {
		return answer{}, err
	}
	oldest, err := kept(s.txn, c.stream, st.Pruned+1, through, maxPruned)
	if err != nil {
		return answer{}, err
	}
	for _, k := range oldest {
		if err := s.drop(k, &grown); err != nil {
			return answer{}, err
		}
	}
	if len(oldest) == maxPruned {
		through = oldest[maxPruned-1].id.Seq
	}
	tree, err := grown.MarshalBinary()
	if err != nil {
		return answer{}, err
	}
	st.Pruned = through
	s.touched[c.stream] = st
	return answer{through: through}, s.set(streamKey(frontierPrefix, c.stream), tree)
}

// drop deletes one record. One of a kind that this build cannot commit to stops it, as a newer command does: to pass it over
// would make its replica another than its peers'.
func (s *stage) drop(k keptRecord, grown *tree.Frontier) error {
	if err := checkRecord(k.raw, k.id); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if k.id.Seq == grown.Size()+1 {
		c, err := tree.Commit(k.raw)
		if err != nil {
			return fmt.Errorf("%w: record %s: %w", ErrCommandVersion, k.id, err)
		}
		grown.Append(c)
	}
	return s.txn.Delete(recordKey(k.id.Stream, k.id.Seq))
}

// frontierOf is the tree over what was pruned of a stream; empty if nothing was.
func frontierOf(txn *badger.Txn, s contract.Stream) (f tree.Frontier, err error) {
	raw, err := valueOf(txn, streamKey(frontierPrefix, s))
	if err != nil || raw == nil {
		return f, err
	}
	if err := f.UnmarshalBinary(raw); err != nil {
		return f, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return f, nil
}

// keptRecord is a record of the replica, not yet proven.
type keptRecord struct {
	id  contract.TapID
	raw []byte
}

// kept are the records of a stream with numbers from first to last that are here, at most so many.
func kept(txn *badger.Txn, s contract.Stream, first, last uint64, most int) ([]keptRecord, error) {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: streamKey(recordPrefix, s), PrefetchValues: true, PrefetchSize: 64})
	defer it.Close()
	var found []keptRecord
	for it.Seek(recordKey(s, first)); it.Valid() && len(found) < most; it.Next() {
		if len(it.Item().Key()) != maxKey {
			return nil, fmt.Errorf("%w: record with a key of %d octets", ErrDamaged, len(it.Item().Key()))
		}
		id := recordOf(it.Item().Key())
		if id.Seq > last {
			break
		}
		raw, err := it.Item().ValueCopy(nil)
		if err != nil {
			return nil, err
		}
		found = append(found, keptRecord{id, raw})
	}
	return found, nil
}

// writtenBefore is the highest expendable number of a stream that was certainly written before t, 0 for none. Numbers are
// given in the order of writing, so a record whose clock was vouched for speaks for all before it. More than the next
// command can drop is not looked for.
func (r *replica) writtenBefore(st StreamState, t time.Time) (through uint64, err error) {
	next, last := st.Pruned+1, st.expendable()
	for next <= last {
		var oldest []keptRecord
		if err := r.view("look for old records", func(txn *badger.Txn) (err error) {
			oldest, err = kept(txn, st.Stream, next, last, maxPruned)
			return err
		}); err != nil {
			return 0, err
		}
		for _, k := range oldest {
			at, vouched := writtenAt(k)
			if vouched && !at.Before(t) {
				return through, nil
			}
			if vouched {
				through = k.id.Seq
			}
		}
		if through > 0 || len(oldest) < maxPruned {
			return through, nil
		}
		next = oldest[len(oldest)-1].id.Seq + 1
	}
	return 0, nil
}

// writtenAt is when a record says it was written, if somebody vouched for that and this build can read it.
func writtenAt(k keptRecord) (at time.Time, vouched bool) {
	r, err := contract.DecodeRecord(k.raw)
	if err != nil {
		return time.Time{}, false
	}
	return clock.Vouched(r)
}

// pruned is the tree over what was pruned of a stream; its size is the last number dropped. It is empty if nothing was, and
// ErrNotFound if a record was missing when it should have been taken into the tree.
func (r *replica) pruned(s contract.Stream) (f tree.Frontier, err error) {
	through := r.stream(s).Pruned // before the tree, which may only be further
	err = r.view("read tree", func(txn *badger.Txn) (err error) {
		f, err = frontierOf(txn, s)
		return err
	})
	if err == nil && f.Size() < through {
		return f, fmt.Errorf("tree of stream %s at record %d: %w", s, through, ErrNotFound)
	}
	return f, err
}

// Pruned is the tree over the records of a stream that were dropped here, for whoever wants to go on with it: its size is
// the number of the last of them. ErrNotFound says that the cluster did not have all of them.
func (n *Node) Pruned(stream contract.Stream) (tree.Frontier, error) { return n.replica.pruned(stream) }

// pruneOld runs until the node closes: the leader drops, on all members, what is old and proven.
func (n *Node) pruneOld() {
	ticker := time.NewTicker(n.o.PruneEvery)
	defer ticker.Stop()
	for {
		select {
		case <-n.closing:
			return
		case <-ticker.C:
		}
		if err := n.prune(); err != nil && !errors.Is(err, ErrClosed) {
			n.o.Log.Warn("replica not pruned; trying again later", slog.Any("error", err))
		}
	}
}

// prune drops what is old now, stream by stream.
func (n *Node) prune() error {
	now, known := n.o.Today()
	if !known || n.spoken() < pruningCommand {
		return nil
	}
	horizon := now.Add(-n.o.KeepRecords)
	for _, st := range n.replica.all() {
		before := st.Pruned
		for more := true; more; {
			var err error
			if more, err = n.pruneStream(st.Stream, horizon); err != nil {
				return fmt.Errorf("prune stream %s: %w", st.Stream, err)
			}
		}
		if after := n.replica.stream(st.Stream).Pruned; after > before {
			n.o.Log.Info("replica pruned", slog.String("stream", st.Stream.String()), slog.Uint64("through", after))
		}
	}
	return nil
}

// pruneStream drops one command's worth of a stream, if this gateway leads, and reports whether it did.
func (n *Node) pruneStream(s contract.Stream, horizon time.Time) (bool, error) {
	if !n.IsLeader() {
		return false, nil
	}
	through, err := n.replica.writtenBefore(n.replica.stream(s), horizon)
	if errors.Is(err, ErrDamaged) {
		err = n.fault.report(err)
	}
	if err != nil || through == 0 {
		return false, err
	}
	a, err := n.propose(context.Background(), command{kind: kindPrune, stream: s, seq: through}.encode())
	if err == nil {
		err = a.err()
	}
	if err != nil {
		return false, err
	}
	select {
	case <-n.closing:
		return false, nil
	case <-time.After(pruneBreath):
		return true, nil
	}
}
