package serialport

import (
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"
)

// An end of file that comes sooner than earlyEnd says that the device is gone; endsToHangup of them in a row prove it.
const (
	earlyEnd     = 50 * time.Millisecond
	endsToHangup = 3
)

// ending tells an idle line from one that hung up.
type ending struct{ early int }

// judge returns nil while the line lives. n, err and took are of the latest read.
func (e *ending) judge(n int, err error, took time.Duration) error {
	switch {
	case n > 0 || (err == io.EOF && took >= earlyEnd):
		e.early = 0
		return nil
	case err == io.EOF:
		e.early++
		if e.early < endsToHangup {
			return nil
		}
		return ErrHangup
	}
	return asHangup(err)
}

// asHangup names the errors that a vanished device gives.
func asHangup(err error) error {
	for _, gone := range []error{unix.EIO, unix.ENXIO, unix.ENODEV, unix.EBADF} {
		if errors.Is(err, gone) {
			return ErrHangup
		}
	}
	if err == nil {
		return ErrHangup
	}
	return err
}
