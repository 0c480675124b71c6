package replicate

import (
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"
)

// fsm is the replica as Raft sees it. Raft gives Apply no way to fail; so after the first storage error nothing is
// applied any more, every answer is that error, and the process ends. The index kept with the data makes Raft show the
// lost entries again.
type fsm struct {
	replica *replica
	fault   *fault
	space   func() error // why nothing may be written, if so
	took    prometheus.Observer
}

var _ raft.BatchingFSM = (*fsm)(nil)

// Apply implements raft.FSM.
func (f *fsm) Apply(entry *raft.Log) any { return f.ApplyBatch([]*raft.Log{entry})[0] }

// ApplyBatch implements raft.BatchingFSM. Each answer is an answer, for a bundle []answer, or an error.
func (f *fsm) ApplyBatch(entries []*raft.Log) []any {
	answers := make([]any, len(entries))
	began := time.Now()
	if err := f.apply(entries, answers); err != nil {
		for i := range answers {
			answers[i] = err
		}
	}
	f.took.Observe(time.Since(began).Seconds())
	return answers
}

func (f *fsm) apply(entries []*raft.Log, answers []any) error {
	if err := f.fault.latched(); err != nil {
		return err
	}
	if err := f.space(); err != nil { // a full disk kills Badger with a signal that nothing can catch
		return f.fault.report(err)
	}
	if err := f.replica.apply(entries, answers); err != nil {
		return f.fault.report(err)
	}
	return nil
}

// Snapshot implements raft.FSM. The replica on disk is the snapshot; there is nothing to copy.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if err := f.fault.latched(); err != nil {
		return nil, err
	}
	return onDisk{}, nil
}

// Restore implements raft.FSM: it takes the database that the snapshot was received into.
func (f *fsm) Restore(snapshot io.ReadCloser) error {
	if err := f.replica.exchange(); err != nil {
		return f.fault.report(fmt.Errorf("exchange replica: %w", err))
	}
	return snapshot.Close()
}

// onDisk is a snapshot that is already persistent.
type onDisk struct{}

// Persist implements raft.FSMSnapshot.
func (onDisk) Persist(sink raft.SnapshotSink) error {
	s, ok := sink.(*intake)
	if !ok {
		return fmt.Errorf("persist snapshot: sink is a %T", sink)
	}
	s.onDisk = true
	return nil
}

// Release implements raft.FSMSnapshot.
func (onDisk) Release() {}
