package journal

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// audit checks records as they are read at open. Gaps are the Log's to find.
type audit struct {
	stream contract.Stream // of the first record; every other must have it too
}

// record checks the record that lies under number seq.
func (a *audit) record(seq uint64, payload []byte) error {
	r, err := contract.DecodeRecord(payload)
	if err != nil {
		return err
	}
	if r.ID.Seq != seq {
		return fmt.Errorf("record calls itself %s", r.ID)
	}
	if a.stream.IsZero() {
		a.stream = r.ID.Stream
	}
	if r.ID.Stream != a.stream {
		return fmt.Errorf("record calls itself %s in stream %s", r.ID, a.stream)
	}
	return nil
}

// values are the stable values of a journal's log.
type values struct {
	stream       contract.Stream
	acknowledged uint64
	sealed       seal
}

// values checks the stable values of an opened log against its records and gives them. A new log has none.
func (a *audit) values(l *Log) (v values, err error) {
	if b, ok := l.Get(streamKey); ok && len(b) == len(v.stream) {
		v.stream = contract.Stream(b)
	}
	if !a.stream.IsZero() && a.stream != v.stream {
		return v, fmt.Errorf("%w: records of stream %s in the journal of stream %s", ErrDamaged, a.stream, v.stream)
	}
	if b, ok := l.Get(acknowledgedKey); ok && len(b) == 8 {
		v.acknowledged = binary.BigEndian.Uint64(b)
	}
	if b, ok := l.Get(sealedKey); ok && len(b) > 8 {
		v.sealed = seal{seq: binary.BigEndian.Uint64(b), tree: b[8:]}
	}
	if last := l.Last(); max(v.acknowledged, v.sealed.seq) > last {
		return v, fmt.Errorf("%w: it ends at number %d, but %d has been acknowledged", ErrDamaged, last, max(v.acknowledged, v.sealed.seq))
	}
	return v, nil
}

// quarantinable tells damage, which is set aside, from what a person has to settle first.
func quarantinable(err error) bool {
	return errors.Is(err, ErrDamaged) && !errors.Is(err, contract.ErrRecordVersion)
}
