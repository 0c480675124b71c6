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
	sealedKey       = "sealed"
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

// Expendable is the highest number that may be dropped when it must: central has the records up to it, and has proven them.
// A stream that was pruned before there were seals can never be sealed; of that, acknowledged is enough.
func (j *Journal) Expendable() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.treeless {
		return j.acknowledged
	}
	return min(j.acknowledged, j.sealed.seq)
}

// Prune drops expendable records written before olderThan by this gateway's clock, whole segments at a time. Records
// that central has not sealed stay whatever their age.
func (j *Journal) Prune(olderThan time.Time) error {
	j.swap.RLock()
	defer j.swap.RUnlock()
	seq := min(j.Expendable(), j.log.WrittenBefore(olderThan))
	if err := j.log.PruneBefore(seq + 1); err != nil {
		return fmt.Errorf("prune journal: %w", err)
	}
	return nil
}

// DiskUsed is the share of the journal's disk that is in use, from 0 to 1, apart from what is left in reserve: at 1 no tap can
// be kept.
func (j *Journal) DiskUsed() (float64, error) {
	j.swap.RLock()
	reserve := j.log.o.ReserveBytes
	j.swap.RUnlock()
	free, total, err := j.o.FS.Space(j.o.Dir)
	if err != nil || total <= 0 {
		return 0, err
	}
	if total <= reserve {
		return 1, nil
	}
	return 1 - float64(max(free-reserve, 0))/float64(total-reserve), nil
}

// Sealed is the number up to which central has proven to hold the stream as this gateway signed it, 0 if nowhere. What is
// above it must not be dropped: the tree over the stream could not be gone on with.
func (j *Journal) Sealed() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sealed.seq
}

// SealedTree is what Seal was given with the number that Sealed tells; empty if that is 0.
func (j *Journal) SealedTree() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sealed.tree
}

// Seal notes central's seal at number seq and the tree there, which the journal does not look into. Like Acknowledge it
// costs no flush, ignores a lower number than before and answers ErrAhead above Durable.
func (j *Journal) Seal(seq uint64, tree []byte) error {
	j.swap.RLock()
	defer j.swap.RUnlock()
	if last := j.log.Last(); seq > last {
		return fmt.Errorf("%w: %d is sealed, %d is the last", ErrAhead, seq, last)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if seq <= j.sealed.seq {
		return nil
	}
	if err := j.log.SetSoon(sealedKey, append(binary.BigEndian.AppendUint64(nil, seq), tree...)); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	j.sealed = seal{seq: seq, tree: tree}
	return nil
}

// seal is a number with the tree there.
type seal struct {
	seq  uint64
	tree []byte
}
