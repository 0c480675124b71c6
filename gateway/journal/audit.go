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

// values checks the stable values of an opened log against its records and gives them. A new log has neither.
func (a *audit) values(l *Log) (stream contract.Stream, acknowledged uint64, err error) {
	if b, ok := l.Get(streamKey); ok && len(b) == len(stream) {
		stream = contract.Stream(b)
	}
	if !a.stream.IsZero() && a.stream != stream {
		return stream, 0, fmt.Errorf("%w: records of stream %s in the journal of stream %s", ErrDamaged, a.stream, stream)
	}
	if b, ok := l.Get(acknowledgedKey); ok && len(b) == 8 {
		acknowledged = binary.BigEndian.Uint64(b)
	}
	if last := l.Last(); acknowledged > last {
		return stream, 0, fmt.Errorf("%w: it ends at number %d, but %d has been acknowledged", ErrDamaged, last, acknowledged)
	}
	return stream, acknowledged, nil
}

// quarantinable tells damage, which is set aside, from what a person has to settle first.
func quarantinable(err error) bool {
	return errors.Is(err, ErrDamaged) && !errors.Is(err, contract.ErrRecordVersion)
}
