package storage

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// badgerDB is what one would take instead of a journal of one's own: Badger as it comes, every commit flushed, and a
// transaction for each tap. It shares flushes among commits that wait at the same time, as the journal does.
type badgerDB struct {
	*badger.DB
	seq atomic.Uint64
}

func openBadger(dir string) (contender, error) {
	db, err := badger.Open(badger.DefaultOptions(dir).WithSyncWrites(true).WithLogger(nil))
	return &badgerDB{DB: db}, err
}

func (b *badgerDB) keep(r contract.Record) error {
	r.ID = contract.TapID{Stream: contract.Stream{1}, Seq: b.seq.Add(1)}
	value, err := contract.AppendRecord(nil, r)
	if err != nil {
		return err
	}
	key := binary.BigEndian.AppendUint64(r.ID.Stream[:], r.ID.Seq)
	return b.Update(func(txn *badger.Txn) error { return txn.Set(key, value) })
}

func (b *badgerDB) close() error { return b.Close() }
