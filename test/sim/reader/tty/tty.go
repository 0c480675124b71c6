// Package tty makes a pseudo-terminal that stands for the serial port of a machine, under a stable name that follows
// it through unplugging. It moves octets and keeps no time: wire speed and faults are the business of its user.
package tty

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// writeWithin bounds a write towards a host that has stopped reading; a UART would lose those octets too.
const writeWithin = 50 * time.Millisecond

// ErrSpeed says a speed is none of those a serial port can be set to.
var ErrSpeed = errors.New("speed is not one of 9600, 19200, 38400, 57600, 115200 and 230400 baud")

var speeds = map[int]uint32{
	9600: unix.B9600, 19200: unix.B19200, 38400: unix.B38400,
	57600: unix.B57600, 115200: unix.B115200, 230400: unix.B230400,
}

// Known reports whether a port can run at baud.
func Known(baud int) bool { return speeds[baud] != 0 }

// Port is one plugged-in port: the device's end of the pair is read and written here, the host's end has the link's
// name. The slave side is kept open and raw, so that the host may come and go. Methods may be used concurrently.
type Port struct {
	master *os.File
	slave  *os.File
	link   string
}

// Open makes a pair, sets it raw at baud and points link at the host's end, replacing what link named before.
func Open(link string, baud int) (*Port, error) {
	if !Known(baud) {
		return nil, fmt.Errorf("open %s at %d baud: %w", link, baud, ErrSpeed)
	}
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open pseudo-terminal: %w", err)
	}
	p := &Port{slave: slave, link: link}
	p.master, err = pollable(master)
	if err == nil {
		err = raw(slave, baud)
	}
	if err == nil {
		err = point(link, slave.Name())
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// pollable trades f for a non-blocking copy of it: only then does Close end a Read that is under way, and only when
// no Read holds the descriptor does the host see the line hang up.
func pollable(f *os.File) (*os.File, error) {
	defer f.Close() //nolint:errcheck // the copy is what counts
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("copy descriptor: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(fmt.Errorf("set non-blocking: %w", err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// raw sets 8N1 at baud and switches every kind of line editing off, as a UART has none.
func raw(f *os.File, baud int) error {
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return fmt.Errorf("read line settings: %w", err)
	}
	t.Iflag, t.Oflag, t.Lflag = unix.IGNPAR, 0, 0
	t.Cflag = unix.CS8 | unix.CREAD | unix.CLOCAL | speeds[baud]
	t.Ispeed, t.Ospeed = speeds[baud], speeds[baud]
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t); err != nil {
		return fmt.Errorf("set line raw: %w", err)
	}
	return nil
}

// point makes link name target in one step, so that a host never finds it missing between two targets.
func point(link, target string) error {
	fresh := filepath.Join(filepath.Dir(link), "."+filepath.Base(link)+".new")
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clear link: %w", err)
	}
	if err := os.Symlink(target, fresh); err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	if err := os.Rename(fresh, link); err != nil {
		return fmt.Errorf("name link: %w", err)
	}
	return nil
}

// Read waits for octets the host wrote. It fails with os.ErrClosed once the port is closed.
func (p *Port) Read(b []byte) (int, error) { return p.master.Read(b) }

// Write sends octets to the host. Octets that a host leaves unread for long are lost, with os.ErrDeadlineExceeded.
func (p *Port) Write(b []byte) (int, error) {
	if err := p.master.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return 0, err
	}
	return p.master.Write(b)
}

// Baud is the speed the host has set, or 0 when it is none that OSDP knows.
func (p *Port) Baud() int {
	var t *unix.Termios
	conn, err := p.slave.SyscallConn()
	if err != nil {
		return 0
	}
	var failed error
	err = conn.Control(func(fd uintptr) { t, failed = unix.IoctlGetTermios(int(fd), unix.TCGETS) })
	if err != nil || failed != nil {
		return 0
	}
	for baud, bits := range speeds {
		if t.Cflag&unix.CBAUD == bits {
			return baud
		}
	}
	return 0
}

// Close hangs the line up, as pulling the plug does: the link goes, the host's reads and writes fail.
func (p *Port) Close() error {
	errs := []error{p.slave.Close()}
	if p.master != nil {
		errs = append(errs, p.master.Close())
	}
	if target, err := os.Readlink(p.link); err == nil && target == p.slave.Name() {
		errs = append(errs, os.Remove(p.link))
	}
	return errors.Join(errs...)
}
