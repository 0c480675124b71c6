package replicate

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/dgraph-io/badger/v4"
)

// A snapshot stream is, in the order of the keys:
//
//	"RCRS" | version 1 | entries × (key size uvarint | key | value size uvarint | value) | 0 | CRC-32C of all before, 4 big endian
const (
	streamMagic   = "RCRS"
	streamVersion = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// dump is the snapshot stream of one consistent state of the replica, made while it is read. Until it is closed the
// database cannot be exchanged.
type dump struct {
	size    int64
	txn     *badger.Txn
	it      *badger.Iterator
	sum     hash.Hash32
	pending bytes.Buffer
	ended   bool
	closed  bool
	release func()
}

// dump opens a stream. It passes over the data twice: Raft wants to know the size before the first octet.
func (r *replica) dump() (*dump, error) {
	r.swap.RLock()
	if r.db == nil {
		r.swap.RUnlock()
		return nil, fmt.Errorf("open snapshot: %w", ErrClosed)
	}
	d := &dump{txn: r.db.NewTransaction(false), release: r.swap.RUnlock}
	err := guarded("measure snapshot", func() (err error) {
		d.rewind()
		d.size, err = io.Copy(io.Discard, d)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	d.rewind()
	return d, nil
}

func (d *dump) rewind() {
	if d.it != nil {
		d.it.Close()
	}
	d.it = d.txn.NewIterator(badger.DefaultIteratorOptions)
	d.it.Rewind()
	d.ended = false
	d.sum = crc32.New(castagnoli)
	d.put([]byte(streamMagic), []byte{streamVersion})
}

// Read implements io.Reader.
func (d *dump) Read(p []byte) (n int, err error) {
	err = guarded("read snapshot", func() error {
		for d.pending.Len() < len(p) && !d.ended {
			if err := d.next(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return d.pending.Read(p)
}

// next adds one entry, or the end.
func (d *dump) next() error {
	if !d.it.Valid() {
		d.put([]byte{0})
		d.pending.Write(binary.BigEndian.AppendUint32(nil, d.sum.Sum32()))
		d.ended = true
		return nil
	}
	defer d.it.Next()
	key := d.it.Item().Key()
	return d.it.Item().Value(func(val []byte) error {
		if string(key) == snapshotKey || string(key) == sumKey {
			return nil
		}
		if err := proven(key, val); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		d.put(binary.AppendUvarint(nil, uint64(len(key))), key, binary.AppendUvarint(nil, uint64(len(val))), val)
		return nil
	})
}

func (d *dump) put(parts ...[]byte) {
	for _, p := range parts {
		d.sum.Write(p)
		d.pending.Write(p)
	}
}

// Close lets the database go.
func (d *dump) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	if d.it != nil {
		d.it.Close()
	}
	d.txn.Discard()
	d.release()
	return nil
}
