package cuts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

const (
	segment  = 256 << 10 // small, so that segments are begun, filled ahead and used again within one run
	member   = "alone"
	replicas = "replica"
	patience = 30 * time.Second // for an election and a command on a slow machine
)

// Gateway are the stores of a gateway, by name, for Serve. The promise of a journal is that of a light.
func Gateway() map[string]Open {
	secret := bytes.Repeat([]byte{7}, 32)
	return map[string]Open{
		"journal":           func(dir string) (Store, error) { return openJournal(dir, nil) },
		"encrypted journal": func(dir string) (Store, error) { return openJournal(dir, secret) },
		"replica":           func(dir string) (Store, error) { return openReplica(dir, nil) },
		"encrypted replica": func(dir string) (Store, error) { return openReplica(dir, secret) },
	}
}

type journalStore struct{ *journal.Journal }

func openJournal(dir string, secret []byte) (journalStore, error) {
	var key *journal.Key
	if secret != nil {
		var err error
		if key, err = journal.NewKey(secret); err != nil {
			return journalStore{}, err
		}
	}
	j, err := journal.Open(journal.Options{Dir: filepath.Join(dir, "journal"), SegmentBytes: segment, ReserveBytes: -1, Key: key})
	if err != nil {
		return journalStore{}, err
	}
	if q, ok := j.Quarantined(); ok {
		return journalStore{}, errors.Join(fmt.Errorf("the journal was set aside: %+v", q), j.Close())
	}
	return journalStore{j}, nil
}

// Put implements Store: the record travels as an anchor's uptime.
func (j journalStore) Put(record uint64) error {
	_, err := j.append(record)
	return err
}

func (j journalStore) append(record uint64) (contract.TapID, error) {
	at := time.Unix(1_700_000_000, 0).UTC()
	return j.Append(contract.Record{
		Stamp:  contract.Stamp{At: at, Boot: contract.Boot{1}, Quality: contract.NeverSet},
		Anchor: &contract.Anchor{Boot: contract.Boot{1}, Uptime: time.Duration(record), At: at}, //nolint:gosec // far below 2^63
	})
}

// Records implements Store.
func (j journalStore) Records() ([]uint64, error) { return readAll(j.Durable(), j.Read) }

// readAll reads a stream from its beginning.
func readAll(last uint64, read func(first uint64, maxRecords, maxBytes int) ([][]byte, error)) (records []uint64, err error) {
	for next := uint64(1); next <= last; {
		some, err := read(next, 512, 1<<20)
		if err != nil {
			return nil, err
		}
		for _, b := range some {
			r, err := contract.DecodeRecord(b)
			if err != nil {
				return nil, err
			}
			if r.ID.Seq != next {
				return nil, fmt.Errorf("record %d stands where %d should", r.ID.Seq, next)
			}
			records, next = append(records, uint64(r.Anchor.Uptime)), next+1 //nolint:gosec // it was one
		}
	}
	return records, nil
}

// openReplica opens a journal with its Raft log and its replica, a cluster of one gateway. Its promise is that of the watermark:
// from then on Raft may forget an entry, and the journal be pruned.
func openReplica(dir string, secret []byte) (*replicaStore, error) {
	j, err := openJournal(dir, secret)
	if err != nil {
		return nil, err
	}
	n, err := replicate.Open(replicate.Options{
		ID: member, Dir: filepath.Join(dir, replicas), Members: []replicate.Member{{ID: member, Address: "localhost:7701"}}, Secret: secret,
		HeartbeatWithin: 50 * time.Millisecond, SnapshotEvery: 200 * time.Millisecond, SnapshotAfter: 16, KeepEntries: 16,
		SegmentBytes: segment, ReserveBytes: -1,
	})
	if err != nil {
		return nil, errors.Join(err, j.Close())
	}
	r := &replicaStore{journal: j, node: n}
	r.ship()
	return r, nil
}

type replicaStore struct {
	journal journalStore
	node    *replicate.Node
	stop    context.CancelFunc
	work    sync.WaitGroup
	shipped error // of the shipper's end
}

func (r *replicaStore) ship() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	s := replicate.NewShipper(r.journal, r.node, replicate.ShipperOptions{Linger: -1})
	r.work.Go(func() { r.shipped = s.Run(ctx) })
}

// Put implements Store: it returns when the record is in the replica.
func (r *replicaStore) Put(record uint64) error {
	id, err := r.journal.append(record)
	if err != nil {
		return err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		changed := r.node.Changed()
		if r.node.Watermark(id.Stream) >= id.Seq {
			return nil
		}
		select {
		case <-changed:
		case err := <-r.node.Failed():
			return err
		case <-late.C:
			return fmt.Errorf("record %d is not in the replica after %v", id.Seq, patience)
		}
	}
}

// Records implements Store.
func (r *replicaStore) Records() ([]uint64, error) {
	stream := r.journal.Stream()
	return readAll(r.node.Watermark(stream), func(first uint64, maxRecords, maxBytes int) ([][]byte, error) {
		return r.node.Read(stream, first, maxRecords, maxBytes)
	})
}

// Close implements Store.
func (r *replicaStore) Close() error {
	r.stop()
	r.work.Wait()
	return errors.Join(r.shipped, r.node.Close(), r.journal.Close())
}
