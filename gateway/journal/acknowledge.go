package journal

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Names of the stable values in a journal's log.
const (
	streamKey       = "stream"
	acknowledgedKey = "acknowledged"
)

// Acknowledged is the number up to which central has confirmed to hold the stream on its disk.
func (j *Journal) Acknowledged() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.acknowledged
}

// Acknowledge notes a receipt for everything up to seq. A lower number than before is ignored; one above Durable is
// ErrAhead. It costs no flush: the number rides with the next record, so after a crash it may lag, never lead.
func (j *Journal) Acknowledge(seq uint64) error {
	j.swap.RLock()
	defer j.swap.RUnlock()
	if last := j.log.Last(); seq > last {
		return fmt.Errorf("%w: %d is acknowledged, %d is the last", ErrAhead, seq, last)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if seq <= j.acknowledged {
		return nil
	}
	if err := j.log.SetSoon(acknowledgedKey, binary.BigEndian.AppendUint64(nil, seq)); err != nil {
		return fmt.Errorf("acknowledge: %w", err)
	}
	j.acknowledged = seq
	return nil
}

// Prune drops acknowledged records written before olderThan by this gateway's clock, whole segments at a time. Records
// that central has not acknowledged stay whatever their age.
func (j *Journal) Prune(olderThan time.Time) error {
	j.swap.RLock()
	defer j.swap.RUnlock()
	seq := min(j.Acknowledged(), j.log.WrittenBefore(olderThan))
	if err := j.log.PruneBefore(seq + 1); err != nil {
		return fmt.Errorf("prune journal: %w", err)
	}
	return nil
}
