package replicate

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"

	"github.com/dgraph-io/badger/v4"
	"github.com/hashicorp/raft"

	"github.com/rollcall-edge/rollcall/gateway/failpoint"
)

// loader writes a snapshot stream into a database beside the current one. It takes the stream in pieces of any size and
// holds no more than one entry of it.
type loader struct {
	parser streamParser
	db     *badger.DB
	batch  *badger.WriteBatch
	path   string
	sum    uint64 // of the watermarks so far
}

// receive begins a new database for a snapshot that arrives.
func (r *replica) receive() (*loader, error) {
	path := r.path(incomingDir)
	if err := os.RemoveAll(path); err != nil {
		return nil, fmt.Errorf("receive snapshot: %w", err)
	}
	db, err := tryBadger(path, r.key, r.log)
	if err != nil {
		return nil, fmt.Errorf("receive snapshot: %w", err)
	}
	l := &loader{db: db, batch: db.NewWriteBatch(), path: path}
	l.parser.put = l.put
	return l, nil
}

// put keeps one entry. It has been proven by who sent it, and is again: a leader whose memory fails must not spread it.
func (l *loader) put(key, val []byte) error {
	if err := proven(key, val); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if counts(key) {
		l.sum += binary.BigEndian.Uint64(val)
	}
	return l.batch.Set(key, val)
}

// Write implements io.Writer.
func (l *loader) Write(p []byte) (int, error) {
	if err := guarded("receive snapshot", func() error { return l.parser.feed(p) }); err != nil {
		return 0, err
	}
	return len(p), nil
}

// finish makes the database whole: nothing of it counts before.
func (l *loader) finish(meta raft.SnapshotMeta) error {
	err := l.parser.end()
	if err == nil {
		failpoint.Hit(failpoint.SnapshotArrive)
		err = l.seal(meta)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("finish snapshot: %w", err), l.abandon())
	}
	return nil
}

func (l *loader) seal(meta raft.SnapshotMeta) error {
	raw, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	if err := errors.Join(l.batch.Set([]byte(snapshotKey), raw), l.batch.Set([]byte(sumKey), number(l.sum))); err != nil {
		return err
	}
	if err := guarded("flush", l.batch.Flush); err != nil {
		return err
	}
	db := l.db
	l.db = nil
	return guarded("close", db.Close)
}

// abandon removes what was received.
func (l *loader) abandon() error {
	var err error
	if l.db != nil {
		l.batch.Cancel()
		err = guarded("abandon snapshot", l.db.Close)
		l.db = nil
	}
	return errors.Join(err, os.RemoveAll(l.path))
}

// exchange puts the database that was received in the place of the current one. It waits for readers.
func (r *replica) exchange() error {
	r.swap.Lock()
	err := r.exchangeLocked()
	r.swap.Unlock()
	if err != nil {
		return err
	}
	return r.load()
}

func (r *replica) exchangeLocked() error {
	if r.db == nil {
		return ErrClosed
	}
	if _, err := os.Stat(r.path(incomingDir)); err != nil {
		return err // without touching what is there
	}
	db := r.db
	r.db = nil
	if err := guarded("close", db.Close); err != nil {
		return err
	}
	if err := r.rename(currentDir, outgoingDir); err != nil {
		return err
	}
	failpoint.Hit(failpoint.SnapshotSwap)
	if err := r.rename(incomingDir, currentDir); err != nil {
		return err
	}
	db, err := openBadger(r.path(currentDir), r.key, r.log)
	if err != nil {
		return err
	}
	r.db = db
	return os.RemoveAll(r.path(outgoingDir))
}

// streamParser cuts a snapshot stream into entries. It trusts no length before the octets are there.
type streamParser struct {
	put   func(key, val []byte) error
	rest  []byte // not yet understood
	sum   uint32 // CRC-32C of all understood
	begun bool
	final bool // the 0 was read; only the checksum may follow
	ended bool
}

func (p *streamParser) feed(b []byte) error {
	p.rest = append(p.rest, b...)
	for {
		n, err := p.step()
		if err != nil {
			return err
		}
		if n == 0 {
			p.rest = append([]byte(nil), p.rest...) // let the understood octets go
			return nil
		}
		p.rest = p.rest[n:]
	}
}

// step understands one piece and returns its length, 0 if more octets are needed.
func (p *streamParser) step() (int, error) {
	switch {
	case len(p.rest) == 0:
		return 0, nil
	case p.ended:
		return 0, fmt.Errorf("%w: octets after its end", ErrSnapshot)
	case p.final:
		return p.checksum()
	case !p.begun:
		return p.head()
	}
	return p.entry()
}

func (p *streamParser) head() (int, error) {
	n := len(streamMagic) + 1
	if len(p.rest) < n {
		return 0, nil
	}
	if string(p.rest[:n-1]) != streamMagic {
		return 0, fmt.Errorf("%w: it does not begin like one", ErrSnapshot)
	}
	if v := p.rest[n-1]; v != streamVersion {
		return 0, fmt.Errorf("%w: version %d, want %d; upgrade this gateway", ErrSnapshot, v, streamVersion)
	}
	p.begun = true
	return p.count(n), nil
}

func (p *streamParser) entry() (int, error) {
	if p.rest[0] == 0 {
		p.final = true
		return p.count(1), nil
	}
	key, n, err := sized(p.rest, maxKey)
	if n == 0 || err != nil {
		return 0, err
	}
	val, m, err := sized(p.rest[n:], maxValue)
	if m == 0 || err != nil {
		return 0, err
	}
	return p.count(n + m), p.put(append([]byte(nil), key...), append([]byte(nil), val...))
}

func (p *streamParser) checksum() (int, error) {
	if len(p.rest) < 4 {
		return 0, nil
	}
	if binary.BigEndian.Uint32(p.rest) != p.sum {
		return 0, fmt.Errorf("%w: its checksum does not match", ErrSnapshot)
	}
	p.ended = true
	return 4, nil
}

func (p *streamParser) count(n int) int {
	p.sum = crc32.Update(p.sum, castagnoli, p.rest[:n])
	return n
}

// end tells whether the stream was whole.
func (p *streamParser) end() error {
	if !p.ended {
		return fmt.Errorf("%w: it ends early", ErrSnapshot)
	}
	return nil
}

// sized reads a length, at most limit, and that many octets. n is what it took, 0 if more octets are needed.
func sized(b []byte, limit int) (val []byte, n int, err error) {
	size, n := binary.Uvarint(b)
	if n < 0 || (n > 0 && size > uint64(limit)) || (n == 0 && len(b) >= binary.MaxVarintLen64) {
		return nil, 0, fmt.Errorf("%w: impossible length", ErrSnapshot)
	}
	if n == 0 || len(b)-n < int(size) {
		return nil, 0, nil
	}
	return b[n : n+int(size)], n + int(size), nil
}
