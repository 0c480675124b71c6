package serialport

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"
)

// open follows links, takes the lock, sets 8N1 and the direction, and drops the octets of the past.
func open(o Options) (*Port, error) {
	path, err := filepath.EvalSymlinks(o.Path)
	if err != nil {
		return nil, fmt.Errorf("find serial line: %w", err)
	}
	side, err := lock(path)
	if err != nil {
		return nil, err
	}
	tty, err := serial.OpenPort(&serial.Config{Name: path, Baud: o.Baud, ReadTimeout: readTimeout})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open serial line: %w", err), unix.Close(side))
	}
	advice, err := tune(side, path, o)
	if err == nil {
		err = flush(tty)
	}
	if err != nil {
		return nil, errors.Join(err, tty.Close(), unix.Close(side))
	}
	return newPort(tty, side, advice, o), nil
}

func flush(tty *serial.Port) error {
	if err := tty.Flush(); err != nil {
		return fmt.Errorf("flush serial line: %w", err)
	}
	return nil
}

// lock opens the line a second time and locks that descriptor. The lock is advisory and ends with the descriptor.
func lock(path string) (fd int, err error) {
	fd, err = unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open serial line: %w", err)
	}
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = ErrBusy
	}
	if err != nil {
		return -1, errors.Join(fmt.Errorf("lock serial line: %w", err), unix.Close(fd))
	}
	return fd, nil
}
