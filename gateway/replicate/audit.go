package replicate

import (
	"encoding/binary"
	"fmt"

	"github.com/dgraph-io/badger/v4"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// audit walks the numbers of all records at open: Badger opens clean after losing data, so that it opened proves nothing.
// Above what central holds, a stream must be whole up to its watermark, and nothing may lie above that. The records'
// own checksums are proven when they are read.
func (r *replica) audit() error {
	next := map[contract.Stream]uint64{} // the number expected next
	for _, st := range r.all() {
		next[st.Stream] = min(st.Acknowledged, st.Replicated) + 1
	}
	err := r.view("audit replica", func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte(recordPrefix)})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if err := expect(next, it.Item().Key()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, st := range r.all() {
		if got := next[st.Stream]; got != st.Replicated+1 {
			return fmt.Errorf("%w: record %s is missing", ErrDamaged, contract.TapID{Stream: st.Stream, Seq: got})
		}
	}
	return nil
}

// expect counts one record, which has a number not looked for (central holds it) or the one expected next.
func expect(next map[contract.Stream]uint64, key []byte) error {
	if len(key) != maxKey {
		return fmt.Errorf("%w: record with a key of %d octets", ErrDamaged, len(key))
	}
	id := contract.TapID{Stream: contract.Stream(key[2:10]), Seq: binary.BigEndian.Uint64(key[10:])}
	want, known := next[id.Stream]
	switch {
	case known && id.Seq < want:
		return nil
	case known && id.Seq == want:
		next[id.Stream]++
		return nil
	case !known:
		return fmt.Errorf("%w: record %s has no watermark", ErrDamaged, id)
	default:
		return fmt.Errorf("%w: record %s is missing, %d is there", ErrDamaged, contract.TapID{Stream: id.Stream, Seq: want}, id.Seq)
	}
}
