package member

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	block  = 4096 // the least a disk writes
	blocks = 64   // of the file for bare flushes
)

// lone gives taps one at a time, and between them writes and flushes a block as bare as can be in a file whose blocks are
// there already. Each begins when what replication had to do for the one before is done.
func (m *Member) lone(r Request) (reply Reply, err error) {
	bare, err := newBare(filepath.Join(m.config.Dir, "bare"))
	if err != nil {
		return reply, err
	}
	defer func() { err = errors.Join(err, bare.Close()) }()
	for i := range r.Taps {
		time.Sleep(r.Every)
		flushed, err := bare.flush(i)
		if err != nil {
			return reply, err
		}
		time.Sleep(r.Every)
		began := time.Now()
		id, err := m.tap()
		if err != nil {
			return reply, err
		}
		reply.Times, reply.Bare = append(reply.Times, time.Since(began)), append(reply.Bare, flushed)
		m.waiters.await(id.Seq)
		m.applied(id)
	}
	return reply, nil
}

// applied waits until this member's own replica, on the same disk, has a record: that may be after a majority has.
func (m *Member) applied(id contract.TapID) {
	for {
		moved := m.node.Changed()
		if m.node.Watermark(id.Stream) >= id.Seq {
			return
		}
		<-moved
	}
}

type bareFile struct{ *os.File }

func newBare(path string) (*bareFile, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("make file to flush: %w", err)
	}
	if _, err := f.Write(make([]byte, blocks*block)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &bareFile{f}, f.Sync()
}

// flush writes the block whose turn it is and flushes it.
func (f *bareFile) flush(turn int) (time.Duration, error) {
	buf := make([]byte, block)
	buf[0] = byte(turn)
	began := time.Now()
	if _, err := f.WriteAt(buf, int64(turn%blocks)*block); err != nil {
		return 0, fmt.Errorf("write block: %w", err)
	}
	if err := unix.Fdatasync(int(f.Fd())); err != nil {
		return 0, fmt.Errorf("flush block: %w", err)
	}
	return time.Since(began), nil
}
