package replicate

import (
	"fmt"

	"golang.org/x/sys/unix"
)

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
