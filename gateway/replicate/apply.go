package replicate

import (
	"errors"
	"fmt"
	"iter"
	"maps"

	"github.com/dgraph-io/badger/v4"
	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/failpoint"
)

// apply brings committed entries to disk, in one transaction if they fit, and puts the answer to each into answers. An
// entry that was applied before is passed over: Raft shows entries again after a restart.
func (r *replica) apply(entries []*raft.Log, answers []any) error {
	r.swap.RLock()
	defer r.swap.RUnlock()
	if r.db == nil {
		return ErrClosed
	}
	return r.applyFitting(entries, answers)
}

// applyFitting halves the batch until a transaction can hold it.
func (r *replica) applyFitting(entries []*raft.Log, answers []any) error {
	err := r.applyWhole(entries, answers)
	if !errors.Is(err, badger.ErrTxnTooBig) || len(entries) < 2 {
		return err
	}
	half := len(entries) / 2
	if err := r.applyFitting(entries[:half], answers[:half]); err != nil {
		return err
	}
	return r.applyFitting(entries[half:], answers[half:])
}

func (r *replica) applyWhole(entries []*raft.Log, answers []any) error {
	txn := r.db.NewTransaction(true)
	defer txn.Discard()
	s := r.stage(txn)
	for i, e := range entries {
		a, err := s.entry(e)
		if err != nil {
			return fmt.Errorf("apply entry %d: %w", e.Index, err)
		}
		answers[i] = a
	}
	if s.applied == s.before {
		return nil
	}
	if err := s.finish(); err != nil {
		return fmt.Errorf("apply up to entry %d: %w", s.applied, err)
	}
	r.fillAhead(s.octets)
	failpoint.Hit(failpoint.ReplicateApply)
	if err := guarded("commit", txn.Commit); err != nil {
		return fmt.Errorf("apply up to entry %d: %w", s.applied, err)
	}
	failpoint.Hit(failpoint.ReplicateApplied)
	r.publish(s)
	return nil
}

// stage gathers the effect of entries in a transaction, on top of what is on disk.
type stage struct {
	txn     *badger.Txn
	known   map[contract.Stream]StreamState // as on disk; only apply changes it, and apply runs alone
	touched map[contract.Stream]StreamState
	before  uint64
	applied uint64
	speaks  byte // newest version of a command that is read
	octets  int  // staged, about as many as Badger writes
}

const octetsAround = 20 // what Badger writes with a key and a value

func (s *stage) set(key, val []byte) error {
	s.octets += len(key) + len(val) + octetsAround
	return s.txn.Set(key, val)
}

func (r *replica) stage(txn *badger.Txn) *stage {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &stage{txn: txn, known: r.streams, touched: map[contract.Stream]StreamState{}, before: r.applied, applied: r.applied, speaks: r.speaks}
}

// entry stages one Raft entry, and gives an answer, or for a bundle []answer. It depends on nothing but the entry and the state:
// no clock, no chance.
func (s *stage) entry(e *raft.Log) (any, error) {
	seen := e.Index <= s.before
	if !seen {
		s.applied = e.Index
	}
	if e.Type != raft.LogCommand {
		return answer{}, nil
	}
	commands, err := decodeEach(s.speaks, e.Data)
	if errors.Is(err, ErrCommandVersion) {
		return nil, err // to skip it would make this gateway another than its peers
	}
	if err != nil {
		return answer{code: codeRefused}, nil
	}
	answers := make([]answer, len(commands))
	for i, c := range commands {
		if answers[i], err = s.command(c, seen); err != nil {
			return nil, err
		}
	}
	if !isBundle(e.Data) {
		return answers[0], nil
	}
	return answers, nil
}

// command stages one command, unless its entry was seen before.
func (s *stage) command(c command, seen bool) (answer, error) {
	if seen {
		return answer{through: s.of(c.stream).Replicated}, nil
	}
	switch c.kind {
	case kindAck:
		return s.ack(c), nil
	case kindSeal:
		return s.seal(c), nil
	case kindPrune:
		return s.prune(c)
	}
	return s.ship(c)
}

// ship puts the records that are new. What central holds already may be missing before the first one: a journal that
// pruned it can still go on after its replicas were lost.
func (s *stage) ship(c command) (answer, error) {
	st := s.of(c.stream)
	if c.seq > max(st.Replicated, st.Acknowledged)+1 {
		return answer{code: codeGap, through: st.Replicated}, nil
	}
	for i, raw := range c.records {
		seq := c.seq + uint64(i)
		if seq <= st.Replicated {
			continue
		}
		if err := s.set(recordKey(c.stream, seq), raw); err != nil {
			return answer{}, err
		}
	}
	st.Replicated = max(st.Replicated, c.last())
	s.touched[c.stream] = st
	return answer{through: st.Replicated}, nil
}

func (s *stage) ack(c command) answer {
	st := s.of(c.stream)
	st.Acknowledged = max(st.Acknowledged, c.seq)
	s.touched[c.stream] = st
	return answer{through: st.Acknowledged}
}

func (s *stage) seal(c command) answer {
	st := s.of(c.stream)
	st.Sealed = max(st.Sealed, c.seq)
	s.touched[c.stream] = st
	return answer{through: st.Sealed}
}

func (s *stage) of(stream contract.Stream) StreamState {
	st, ok := s.touched[stream]
	if !ok {
		st = s.known[stream]
		st.Stream = stream
	}
	return st
}

// finish stages the watermarks and the index, so that they are on disk exactly with the records.
func (s *stage) finish() error {
	for stream, st := range s.touched {
		for prefix, field := range watermarks {
			n := *field(&st)
			if n == 0 && prefix != replicatedPrefix {
				continue
			}
			if err := s.set(streamKey(prefix, stream), number(n)); err != nil {
				return err
			}
		}
	}
	if err := s.set([]byte(sumKey), number(s.sum())); err != nil {
		return err
	}
	return s.set([]byte(appliedKey), number(s.applied))
}

// sum is over the watermarks as they are once this stage is on disk.
func (s *stage) sum() uint64 {
	all := maps.Clone(s.known)
	maps.Copy(all, s.touched)
	return sumOf(maps.Values(all))
}

// sumOf adds up watermarks. One that fell back to an older value, as when Badger lost a file, no longer fits the sum.
func sumOf(states iter.Seq[StreamState]) uint64 {
	var sum uint64
	for st := range states {
		sum += st.Replicated + st.Acknowledged + st.Sealed + st.Pruned
	}
	return sum
}

// publish shows what has been committed to readers.
func (r *replica) publish(s *stage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for stream, st := range s.touched {
		if st.Acknowledged != r.streams[stream].Acknowledged || st.LastAckAt.IsZero() {
			st.LastAckAt = r.now()
		}
		r.streams[stream] = st
	}
	r.applied = s.applied
	r.notifyLocked()
}
