package card

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

const (
	ballastName = ".ballast"
	probeName   = ".probe"
	ballastStep = 4 << 20 // how much Fill takes at first; less and less when that does not fit
)

// Fill takes all space but leave bytes, with a file that nobody else touches.
func (c *Card) Fill(leave int64) error {
	f, err := os.OpenFile(filepath.Join(c.Dir(), ballastName), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("fill card %s: %w", c.o.Name, err)
	}
	defer f.Close() //nolint:errcheck // synced below
	for step := int64(ballastStep); step >= pageSize; {
		free, err := c.Free()
		if err != nil {
			return err
		}
		if step = min(step, free-leave); step < pageSize {
			break
		}
		if err := c.grow(f, step); errors.Is(err, unix.ENOSPC) {
			step /= 2
		} else if err != nil {
			return fmt.Errorf("fill card %s: %w", c.o.Name, err)
		}
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("fill card %s: %w", c.o.Name, err)
	}
	return nil
}

func (c *Card) grow(f *os.File, by int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return unix.Fallocate(int(f.Fd()), 0, info.Size(), by/pageSize*pageSize)
}

// Free is how many bytes programs may still take.
func (c *Card) Free() (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(c.Dir(), &st); err != nil {
		return 0, fmt.Errorf("free space of card %s: %w", c.o.Name, err)
	}
	return int64(st.Bavail) * st.Bsize, nil //nolint:gosec // far below 2^63
}

// Drain gives back what Fill took.
func (c *Card) Drain() error {
	if err := os.Remove(filepath.Join(c.Dir(), ballastName)); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("drain card %s: %w", c.o.Name, err)
	}
	if err := syncFileSystem(c.Dir()); err != nil {
		return fmt.Errorf("drain card %s: %w", c.o.Name, err)
	}
	return nil
}

// ReadOnly makes the kernel give the file system up, as it does after an error in it: read-only for everybody, files that are
// open for writing among them, until Off and On. Ext4 alone.
func (c *Card) ReadOnly() error {
	if c.o.FileSystem != Ext4 {
		return fmt.Errorf("card %s: only ext4 can be given up on request", c.o.Name)
	}
	if err := unix.Mount("", c.Dir(), "", unix.MS_REMOUNT, "abort"); err != nil && !errors.Is(err, unix.EROFS) {
		return fmt.Errorf("make card %s read-only: %w", c.o.Name, err)
	}
	probe := filepath.Join(c.Dir(), probeName) // Linux no longer sets the flag that statfs shows
	f, err := os.Create(probe)
	if err == nil {
		_, _ = f.Close(), os.Remove(probe)
		return fmt.Errorf("make card %s read-only: it is still writable", c.o.Name)
	}
	if !errors.Is(err, unix.EROFS) {
		return fmt.Errorf("make card %s read-only: %w", c.o.Name, err)
	}
	return nil
}

// Flip inverts one bit of a file, named relative to Dir, on the card and in the kernel's cache: at is the bit's number in the
// file; a negative one is a random bit of it. The answer is the bit that was inverted.
func (c *Card) Flip(name string, at int64) (int64, error) {
	bit, err := c.flip(name, at)
	if err != nil {
		return 0, fmt.Errorf("flip a bit of %s on card %s: %w", name, c.o.Name, err)
	}
	return bit, nil
}

func (c *Card) flip(name string, at int64) (int64, error) {
	path, err := c.file(name)
	if err != nil {
		return 0, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // synced below
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if at < 0 && info.Size() > 0 {
		at = c.disk.pick(info.Size() * 8)
	}
	var octet [1]byte
	if _, err := f.ReadAt(octet[:], at/8); err != nil {
		return 0, err
	}
	octet[0] ^= 1 << (at % 8)
	if _, err := f.WriteAt(octet[:], at/8); err != nil {
		return 0, err
	}
	return at, f.Sync()
}

// pick is a random number below n.
func (d *disk) pick(n int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.random.Int64N(n)
}
