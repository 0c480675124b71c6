package replicate

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// audit reads all records at open: Badger opens clean after losing data, so that it opened proves nothing. The watermarks
// must add up to what was noted with the last of them. Above what central holds, a stream must be whole up to its watermark,
// and nothing may lie above that. Every record is proven by its own checksum, so that what is served later was sound here.
func (r *replica) audit() error {
	if err := r.auditSum(); err != nil {
		return err
	}
	next := map[contract.Stream]uint64{} // the number expected next
	for _, st := range r.all() {
		next[st.Stream] = min(st.Acknowledged, st.Replicated) + 1
	}
	err := r.view("audit replica", func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte(recordPrefix), PrefetchValues: true, PrefetchSize: 64})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			id, err := expect(next, it.Item().Key())
			if err != nil {
				return err
			}
			if err := it.Item().Value(func(raw []byte) error { return checkRecord(raw, id) }); err != nil {
				return fmt.Errorf("%w: %w", ErrDamaged, err)
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

// auditSum compares the watermarks with their sum. A replica of an older build has none until its next entry.
func (r *replica) auditSum() error {
	return r.view("audit watermarks", func(txn *badger.Txn) error {
		raw, err := valueOf(txn, []byte(sumKey))
		if err != nil || raw == nil {
			return err
		}
		if want := sumOf(slices.Values(r.all())); !bytes.Equal(raw, number(want)) {
			return fmt.Errorf("%w: its watermarks add up to %d and were noted as %x", ErrDamaged, want, raw)
		}
		return nil
	})
}

// expect names one record by its key, and counts it: its number is one not looked for (central holds it) or the one
// expected next.
func expect(next map[contract.Stream]uint64, key []byte) (contract.TapID, error) {
	if len(key) != maxKey {
		return contract.TapID{}, fmt.Errorf("%w: record with a key of %d octets", ErrDamaged, len(key))
	}
	id := recordOf(key)
	want, known := next[id.Stream]
	switch {
	case known && id.Seq < want:
		return id, nil
	case known && id.Seq == want:
		next[id.Stream]++
		return id, nil
	case !known:
		return id, fmt.Errorf("%w: record %s has no watermark", ErrDamaged, id)
	default:
		return id, fmt.Errorf("%w: record %s is missing, %d is there", ErrDamaged, contract.TapID{Stream: id.Stream, Seq: want}, id.Seq)
	}
}
