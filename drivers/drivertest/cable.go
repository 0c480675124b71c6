package drivertest

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Cable is a serial line made of a pseudo-terminal, behind a symbolic link as an adapter is behind /dev/serial/by-id.
// It starts plugged in and is pulled when the test ends.
type Cable struct {
	Path string // the link; give this to the driver

	t testing.TB

	mu    sync.Mutex // guards everything that follows
	end   *os.File   // the device's end
	other *os.File   // keeps the gateway's end alive while no driver has it open
}

// NewCable makes a plugged cable.
func NewCable(t testing.TB) *Cable {
	t.Helper()
	c := &Cable{Path: filepath.Join(t.TempDir(), "usb-reader-if00"), t: t}
	c.Plug()
	t.Cleanup(c.Unplug)
	return c
}

// End is the device's end of the cable as it is plugged now.
func (c *Cable) End() *os.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end
}

// Speed is that of the gateway's end in bits per second, as its driver has set it; 0 while the cable is out.
func (c *Cable) Speed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.other == nil {
		return 0
	}
	state, err := unix.IoctlGetTermios(int(c.other.Fd()), unix.TCGETS2)
	if err != nil {
		c.t.Errorf("ask for the speed of the line: %v", err)
		return 0
	}
	return int(state.Ospeed)
}

// Plug puts in a new pseudo-terminal and points the link to it, as udev does after a replug.
func (c *Cable) Plug() {
	c.t.Helper()
	end, other, err := pty.Open()
	if err != nil {
		c.t.Fatalf("open pseudo-terminal: %v", err)
	}
	if end, err = closable(end); err != nil {
		c.t.Fatalf("make pseudo-terminal closable: %v", err)
	}
	if err := makeRaw(other); err != nil {
		c.t.Fatalf("make pseudo-terminal raw: %v", err)
	}
	c.mu.Lock()
	c.end, c.other = end, other
	c.mu.Unlock()
	fresh := c.Path + ".new"
	if err := errors.Join(os.Symlink(other.Name(), fresh), os.Rename(fresh, c.Path)); err != nil {
		c.t.Fatalf("link the line: %v", err)
	}
}

// Unplug pulls the cable: the gateway's end hangs up and the link is gone.
func (c *Cable) Unplug() {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end == nil {
		return
	}
	if err := errors.Join(os.Remove(c.Path), c.end.Close(), c.other.Close()); err != nil {
		c.t.Errorf("unplug: %v", err)
	}
	c.end, c.other = nil, nil
}

// Waiting blocks until octets wait at the gateway's end that nobody has read.
func (c *Cable) Waiting() {
	c.t.Helper()
	c.mu.Lock()
	fds := []unix.PollFd{{Fd: int32(c.other.Fd()), Events: unix.POLLIN}}
	c.mu.Unlock()
	for {
		_, err := unix.Poll(fds, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			c.t.Fatalf("poll: %v", err)
		}
		return
	}
}

// Taken reports whether the gateway has read all that the device has written so far.
func (c *Cable) Taken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.other == nil {
		return true
	}
	waiting, err := unix.IoctlGetInt(int(c.other.Fd()), unix.TIOCINQ)
	if err != nil {
		c.t.Errorf("ask for octets on the line: %v", err)
	}
	return waiting == 0
}

// closable gives f a descriptor whose Close ends a Read in progress. Without that the line would not hang up while the
// device reads.
func closable(f *os.File) (*os.File, error) {
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	if err := errors.Join(unix.SetNonblock(fd, true), f.Close()); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// makeRaw ends echo and line editing, so that octets sent before the driver opens the line pass unchanged.
func makeRaw(f *os.File) error {
	fd := int(f.Fd())
	state, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	state.Iflag, state.Oflag, state.Lflag = 0, 0, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, state)
}
