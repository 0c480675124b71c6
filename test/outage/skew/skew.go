// Package skew gives each machine of a laboratory a wall clock of its own, for Go programs whose source is as shipped: they are
// built with an overlay (go build -overlay) that adds an offset, read from a file shared with the test, to the time of day.
// Monotonic time is untouched. The overlay covers time.Now, and what golang.org/x/sys/unix and the boot id tell of clocks:
// CLOCK_REALTIME, CLOCK_BOOTTIME, adjtimex. It changes no clock of the machine the tests run on.
package skew

import (
	"context"
	"errors"
	"time"
)

// Discipline is what adjtimex tells.
type Discipline struct {
	Synchronised bool
	Within       time.Duration // bound of the error
}

// Clock is the clock of one machine. Safe from any goroutine.
type Clock struct{}

var errUnfinished = errors.New("not written yet")

// Overlay writes the overlay for programs of the module at dir into the folder out and returns the file for go build -overlay.
// It fails when Go's or x/sys's source is no longer what it knows how to change.
func Overlay(ctx context.Context, dir, out string) (file string, err error) {
	return "", errUnfinished
}

// Build builds packages of the module at dir with an overlay, as they are shipped, into the folder bin.
func Build(ctx context.Context, dir, overlay, bin string, packages ...string) error {
	return errUnfinished
}

// New makes a clock that is right, synchronised within a millisecond, on a machine that was just switched on. Its file
// stands in dir.
func New(dir, name string) (*Clock, error) { return nil, errUnfinished }

// Close removes the clock; programs that run by it keep its last offset.
func (c *Clock) Close() error { return errUnfinished }

// Env is what a program needs in its environment to run by this clock.
func (c *Clock) Env() []string { return nil }

// Now is the time the machine believes.
func (c *Clock) Now() time.Time { return time.Time{} }

// Offset of the clock from the truth.
func (c *Clock) Offset() time.Duration { return 0 }

// Set makes the clock wrong by offset: a step, whatever it was before.
func (c *Clock) Set(offset time.Duration) {}

// SetTo steps the clock so that it shows at.
func (c *Clock) SetTo(at time.Time) {}

// SetDiscipline replaces what adjtimex tells.
func (c *Clock) SetDiscipline(d Discipline) {}

// Boot switches the machine off and on: another boot id, and time since boot begins at zero. Programs read the boot id at
// their start, so the machine's programs must have ended.
func (c *Clock) Boot() error { return errUnfinished }

// Drift steers the clock away at so many parts in a million until ctx ends, and returns then.
func (c *Clock) Drift(ctx context.Context, ppm float64) {}

// Strobe steps the clock by offset and back again, every period, until ctx ends; the clock is then as it was.
func (c *Clock) Strobe(ctx context.Context, offset, period time.Duration) {}
