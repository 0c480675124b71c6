package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// startBaud is the speed of the line on which the first blue light is awaited.
const startBaud = 38400

// Blue starts the gateway and tells how long it took from there until a reader showed blue. What the gateway reads is taken
// out of the kernel's cache before, as after a power cut. The gateway is stopped again.
func (s *Site) Blue(ctx context.Context) (time.Duration, error) {
	l, err := s.NewLine(Wiring{Baud: startBaud, Readers: 1})
	if err != nil {
		return 0, err
	}
	took, err := s.blue(ctx, l)
	return took, errors.Join(err, l.Close())
}

func (s *Site) blue(ctx context.Context, l *Line) (time.Duration, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, ErrTooLong)
	defer cancel()
	if err := s.forget(); err != nil {
		return 0, err
	}
	began := time.Now()
	g, err := s.Start(l)
	if err != nil {
		return 0, err
	}
	at, err := l.Lit(ctx)
	return at.Sub(began), errors.Join(err, g.Stop())
}

// forget drops program and data from the page cache.
func (s *Site) forget() error {
	if err := syncAll(s.dir); err != nil {
		return err
	}
	if err := drop(s.program); err != nil {
		return err
	}
	return filepath.WalkDir(s.data(), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		return drop(path)
	})
}

func drop(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("drop from cache: %w", err)
	}
	err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	return errors.Join(err, f.Close())
}
