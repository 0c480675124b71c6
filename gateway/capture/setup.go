package capture

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-edge/rollcall/drivers"
)

// Reasons not to set up a reader. Each is a sentence for the person at the reader.
var (
	ErrFixed  = errors.New("readers of this kind cannot be set up over their line; use the vendor's tool")
	ErrShared = errors.New("other readers on the same wires answer, and whoever listens there would learn the key")
	ErrSetup  = errors.New("another reader of its line is being set up; wait until that is done")
)

// InstallKey gives a reader that is in its installation mode a key of its own. Until the key is there it crosses the line
// under a key that everybody knows; it is therefore refused while another reader of the line answers, unless shared.
func (c *Capture) InstallKey(ctx context.Context, reader string, shared bool) error {
	return c.setUp(reader, func(l *line, bus drivers.Commissioner) error {
		if err := l.trusted(reader, shared); err != nil {
			return err
		}
		return bus.InstallKey(ctx, reader)
	})
}

// MayInstall tells whether InstallKey would be tried, before anyone climbs a ladder for it.
func (c *Capture) MayInstall(reader string, shared bool) error {
	return c.setUp(reader, func(l *line, _ drivers.Commissioner) error { return l.trusted(reader, shared) })
}

// Move sets the address and the speed of a reader and tells what it accepted. The configuration is to follow.
func (c *Capture) Move(ctx context.Context, reader string, address byte, baud int) (gotAddress byte, gotBaud int, err error) {
	err = c.setUp(reader, func(_ *line, bus drivers.Commissioner) (err error) {
		gotAddress, gotBaud, err = bus.Move(ctx, reader, address, baud)
		return err
	})
	return gotAddress, gotBaud, err
}

// setUp calls do for the line of a reader, for one reader of a line at a time.
func (c *Capture) setUp(reader string, do func(*line, drivers.Commissioner) error) error {
	l, err := c.lineWith(reader)
	if err != nil {
		return err
	}
	bus, can := l.bus.Driver.(drivers.Commissioner)
	if !can {
		return fmt.Errorf("%s: %w", reader, ErrFixed)
	}
	if !l.settingUp.TryLock() {
		return fmt.Errorf("%s: %w", reader, ErrSetup)
	}
	defer l.settingUp.Unlock()
	return do(l, bus)
}

// trusted is nil when nobody but one reader is heard on the line, or that does not matter.
func (l *line) trusted(reader string, shared bool) error {
	if others := l.answering(reader); len(others) > 0 && !shared {
		return fmt.Errorf("%w: %s", ErrShared, strings.Join(others, ", "))
	}
	return nil
}

// answering lists the other readers of the line that answer now.
func (l *line) answering(besides string) []string {
	var others []string
	for _, s := range l.bus.Driver.Status() {
		if s.Up && s.Reader != besides {
			others = append(others, s.Reader)
		}
	}
	return others
}
