package replicate

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// size is the disk space that the database takes, in octets. Badger's files are longer than what of them is on disk.
func (r *replica) size() (total int64, err error) {
	err = filepath.WalkDir(r.path(currentDir), func(path string, _ fs.DirEntry, err error) error {
		var st unix.Stat_t
		if err == nil {
			err = unix.Lstat(path, &st)
		}
		if errors.Is(err, fs.ErrNotExist) { // Badger removed it meanwhile
			return nil
		}
		total += st.Blocks * 512
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("measure replica: %w", err)
	}
	return total, nil
}

// checkSpace is ErrDiskFull when the disk under dir has less than reserve bytes left. Badger writes through mapped memory:
// on a full disk it dies of a signal that cannot be caught, again at every start.
func checkSpace(dir string, reserve int64) error {
	if reserve <= 0 {
		return nil
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("look for free space: %w", err)
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < reserve {
		return fmt.Errorf("%w: %d MiB left, %d wanted", ErrDiskFull, free>>20, reserve>>20)
	}
	return nil
}
