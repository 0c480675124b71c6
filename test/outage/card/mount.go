package card

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	markName      = ".card" // a file of one sector by which a card knows itself
	closePatience = 5 * time.Second
	lookEvery     = 5 * time.Millisecond // whether a file system or a loop device has become free
)

// Available tells what this machine lacks for cards with this file system, by name; nil when nothing.
func Available(f FileSystem) error {
	if os.Geteuid() != 0 {
		return errors.New("cards need root: they mount file systems")
	}
	for _, path := range []string{"/dev/fuse", "/dev/loop-control"} {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return fmt.Errorf("cards need %s: %w", path, err)
		}
		_ = file.Close()
	}
	known, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return fmt.Errorf("cards need /proc: %w", err)
	}
	if !bytes.Contains(known, []byte("\t"+string(f)+"\n")) {
		return fmt.Errorf("cards need the file system %s in the kernel: modprobe %s", f, f)
	}
	if _, err := exec.LookPath("mkfs." + string(f)); err != nil {
		return fmt.Errorf("cards need mkfs.%s: install e2fsprogs for ext4, xfsprogs for xfs", f)
	}
	return nil
}

// mount attaches a loop device and mounts it, and makes sure that what it mounted is this card.
func (c *Card) mount(ctx context.Context, format bool) error {
	loop, err := attach(c.image())
	if err != nil {
		return err
	}
	defer loop.Close() //nolint:errcheck // the mount keeps the device; the last to let go detaches it
	if format {
		if err := c.format(ctx, loop.Name()); err != nil {
			return err
		}
	}
	try := func() error {
		return unix.Mount(loop.Name(), c.Dir(), string(c.o.FileSystem), unix.MS_NOATIME, c.mountOptions())
	}
	err = try()
	if c.o.FileSystem == Ext4 && (errors.Is(err, unix.EBADMSG) || errors.Is(err, unix.EUCLEAN)) {
		if err = repair(ctx, loop.Name()); err == nil {
			err = try()
		}
	}
	if err != nil {
		return fmt.Errorf("mount %s on %s: %w", loop.Name(), c.Dir(), err)
	}
	c.mounted = true
	return c.recognise(loop.Name())
}

// repair does what a Raspberry Pi does when it starts (fsck.repair=yes). The superblock of ext4 has two sectors and is written
// outside of the journal: a cut that keeps one of them leaves a file system that the kernel refuses and e2fsck mends.
func repair(ctx context.Context, device string) error {
	const mended = 3                                                               // and all less: errors were corrected, and perhaps the machine should be started again
	out, err := exec.CommandContext(ctx, "e2fsck", "-fy", device).CombinedOutput() //nolint:gosec // a loop device of ours
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.ExitCode() <= mended && failed.ExitCode() > 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("e2fsck %s: %w: %s", device, err, bytes.TrimSpace(out))
	}
	return nil
}

func (c *Card) mountOptions() string {
	if c.o.FileSystem == Ext4 {
		return "errors=remount-ro"
	}
	return "nouuid" // images of one card may be mounted beside it
}

// format puts an empty file system on the card. Everything is written now, so that no thread of the kernel does so later.
func (c *Card) format(ctx context.Context, device string) error {
	args := []string{"-q", device}
	if c.o.FileSystem == Ext4 {
		args = []string{"-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-J", "size=4"}
		if c.o.Inodes > 0 {
			args = append(args, "-N", strconv.Itoa(c.o.Inodes))
		}
		args = append(args, device)
	}
	mkfs := exec.CommandContext(ctx, "mkfs."+string(c.o.FileSystem), args...) //nolint:gosec // one of two names
	if out, err := mkfs.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", mkfs.Path, err, bytes.TrimSpace(out))
	}
	return nil
}

// recognise fails unless what is mounted at Dir lives on this disk: a careless mount would test the machine's own disk, and
// pass. It writes a random mark through the file system and looks for it on the medium.
func (c *Card) recognise(device string) error {
	var dir, dev unix.Stat_t
	if err := unix.Stat(c.Dir(), &dir); err != nil {
		return fmt.Errorf("recognise card: %w", err)
	}
	if err := unix.Stat(device, &dev); err != nil {
		return fmt.Errorf("recognise card: %w", err)
	}
	if dir.Dev != dev.Rdev {
		return fmt.Errorf("recognise card: %s is not mounted from %s", c.Dir(), device)
	}
	mark := make([]byte, sectorSize)
	_, _ = rand.Read(mark) // never fails
	if err := writeMark(filepath.Join(c.Dir(), markName), mark); err != nil {
		return fmt.Errorf("recognise card: %w", err)
	}
	if !c.disk.contains(mark) {
		return fmt.Errorf("recognise card: what was flushed in %s is not on the card", c.Dir())
	}
	return nil
}

// writeMark writes over the file in place: a full card has room for no other.
func writeMark(path string, mark []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|unix.O_DSYNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // O_DSYNC: written and flushed when WriteAt returns
	_, err = f.WriteAt(mark, 0)
	return err
}

func (d *disk) contains(text []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.medium.contains(text)
}

// unmount waits for processes that use the card, until ctx ends or patience, when there is one.
func (c *Card) unmount(ctx context.Context, patience time.Duration) error {
	if !c.mounted {
		return nil
	}
	if patience > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, patience)
		defer stop()
	}
	err := await(ctx, func() error { return unix.Unmount(c.Dir(), 0) })
	if err != nil {
		return fmt.Errorf("unmount %s: processes still use it: %w", c.Dir(), err)
	}
	c.mounted = false
	return nil
}

// await repeats what is refused because something is busy.
func await(ctx context.Context, do func() error) error {
	for {
		err := do()
		if !errors.Is(err, unix.EBUSY) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(lookEvery):
		}
	}
}

// detach unmounts a folder whoever uses it. What is not mounted is left alone.
func detach(dir string) error {
	switch err := unix.Unmount(dir, unix.MNT_DETACH); {
	case err == nil, errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOENT):
		return nil
	default:
		return fmt.Errorf("detach %s: %w", dir, err)
	}
}

// attach gives a loop device to a file; the kernel takes it away when nobody has it open or mounted any more.
func attach(path string) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("attach loop device: %w", err)
	}
	defer control.Close() //nolint:errcheck // nothing was written
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("attach loop device: %w", err)
	}
	defer file.Close() //nolint:errcheck // the loop device has its own
	for {
		number, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("attach loop device: %w", err)
		}
		loop, err := os.OpenFile("/dev/loop"+strconv.Itoa(number), os.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("attach loop device: %w", err)
		}
		config := unix.LoopConfig{Fd: uint32(file.Fd()), Size: sectorSize, Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR}}
		err = unix.IoctlLoopConfigure(int(loop.Fd()), &config)
		if err == nil {
			return loop, nil
		}
		_ = loop.Close()
		if !errors.Is(err, unix.EBUSY) { // EBUSY: somebody else took the same device
			return nil, fmt.Errorf("attach loop device %d: %w", number, err)
		}
	}
}

func syncFileSystem(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	return unix.Syncfs(int(f.Fd()))
}
