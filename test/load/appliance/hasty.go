package appliance

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// hasty is a file system for a journal that flushes nothing, so that weeks of taps are written in seconds. Whoever used it
// calls syncAll before anything is measured.
type hasty struct{}

var _ journal.FS = hasty{}

func (hasty) MkdirAll(dir string) error    { return os.MkdirAll(dir, 0o700) }
func (hasty) Rename(from, to string) error { return os.Rename(from, to) }
func (hasty) Remove(name string) error     { return os.Remove(name) }
func (hasty) SyncDir(string) error         { return nil }

func (hasty) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (hasty) OpenFile(name string, flag int) (journal.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|flag, 0o600)
	if err != nil {
		return nil, err
	}
	return hastyFile{f}, nil
}

func (hasty) Space(dir string) (free, total int64, err error) {
	var st unix.Statfs_t
	err = unix.Statfs(dir, &st)
	return int64(st.Bavail) * st.Bsize, int64(st.Blocks) * st.Bsize, err
}

// Lock locks nothing: the gateway, whose directory it is, does not run.
func (hasty) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

type hastyFile struct{ *os.File }

func (f hastyFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f hastyFile) Allocate(size int64) error { return f.Truncate(size) }
func (hastyFile) Datasync() error             { return nil }
func (hastyFile) DropCache() error            { return nil }

// syncAll waits until all that was written to the file system of dir is on its disk.
func syncAll(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync file system: %w", err)
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
