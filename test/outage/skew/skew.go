// Package skew gives each machine of a laboratory clocks of its own, for Go programs whose source is as shipped: they are built
// with an overlay (go build -overlay) that lets them read their clocks through a file shared with the test. The time of day,
// the time since boot, the boot id and what the kernel says of its discipline can be changed; monotonic time is untouched. It
// sets no clock of the machine the tests run on.
//
// Covered are time.Now wherever it is called, os.ReadFile of the boot id, and in the product's own source clock_gettime and
// clock_adjtime. A program built with the overlay and started without Clock.Env has the machine's own clocks.
package skew

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The file that a program shares with its Clock: numbers of 64 bits, at these places. The files in overlay/ know them too.
const (
	offsetAt       = iota // nanoseconds that the time of day is ahead of the truth
	bootedAt              // CLOCK_BOOTTIME of this machine, in nanoseconds, when the simulated one was switched on
	synchronisedAt        // 1 or 0
	withinAt              // microseconds
	numbers
)

const (
	variable   = "ROLLCALL_SKEW_FILE"
	bootSuffix = ".boot" // of the file with the boot id
	steerEvery = 10 * time.Millisecond
)

// Discipline is what the kernel says of its clock.
type Discipline struct {
	Synchronised bool
	Within       time.Duration // bound of the error; microseconds count
}

// Clock is the clocks of one machine. Safe from any goroutine.
type Clock struct {
	path   string
	shared []byte

	mu     sync.Mutex // guards what follows
	offset time.Duration
}

// New makes clocks that are right and synchronised within a millisecond, on a machine that has just been switched on. Their
// files stand in the folder dir.
func New(dir, name string) (*Clock, error) {
	c := &Clock{path: filepath.Join(dir, name+".clock")}
	if err := c.share(); err != nil {
		return nil, fmt.Errorf("make clock %s: %w", name, err)
	}
	c.SetDiscipline(Discipline{Synchronised: true, Within: time.Millisecond})
	if err := c.Boot(); err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("make clock %s: %w", name, err)
	}
	return c, nil
}

func (c *Clock) share() error {
	f, err := os.OpenFile(c.path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // the mapping has its own
	if err := f.Truncate(numbers * 8); err != nil {
		return err
	}
	c.shared, err = unix.Mmap(int(f.Fd()), 0, numbers*8, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return err
}

// Close removes the files; programs that run by them keep what they said last. Nothing may be set any more.
func (c *Clock) Close() error {
	err := unix.Munmap(c.shared)
	for _, path := range []string{c.path, c.path + bootSuffix} {
		if left := os.Remove(path); err == nil && !os.IsNotExist(left) {
			err = left
		}
	}
	return err
}

// Env is what a program needs in its environment to run by these clocks.
func (c *Clock) Env() []string { return []string{variable + "=" + c.path} }

func (c *Clock) store(at int, value int64) {
	atomic.StoreInt64((*int64)(unsafe.Pointer(&c.shared[at*8])), value)
}

// Now is the time the machine believes, without a monotonic reading.
func (c *Clock) Now() time.Time { return time.Now().Round(0).Add(c.Offset()) }

// Offset is how far the time of day is ahead of the truth.
func (c *Clock) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// Set makes the time of day wrong by offset, in one step from whatever it was.
func (c *Clock) Set(offset time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setLocked(offset)
}

// SetTo steps the time of day to at. Within 292 years of the truth, which 1970 is.
func (c *Clock) SetTo(at time.Time) { c.Set(at.Sub(time.Now().Round(0))) }

// Step adds to the offset.
func (c *Clock) Step(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setLocked(c.offset + by)
}

func (c *Clock) setLocked(offset time.Duration) {
	c.offset = offset
	c.store(offsetAt, int64(offset))
}

// SetDiscipline replaces what the kernel says of its clock.
func (c *Clock) SetDiscipline(d Discipline) {
	synchronised := int64(0)
	if d.Synchronised {
		synchronised = 1
	}
	c.store(withinAt, d.Within.Microseconds())
	c.store(synchronisedAt, synchronised)
}

// Boot switches the machine on anew: another boot id, and the time since boot begins at zero. Programs read their boot id once,
// so those of this machine must have ended.
func (c *Clock) Boot() error {
	var uptime unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &uptime); err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	text := fmt.Sprintf("%x-%x-%x-%x-%x\n", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
	if err := os.WriteFile(c.path+bootSuffix, []byte(text), 0o600); err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	c.store(bootedAt, uptime.Nano())
	return nil
}

// Drift steers the time of day away, by so many parts in a million, and returns when ctx ends.
func (c *Clock) Drift(ctx context.Context, ppm float64) {
	tick := time.NewTicker(steerEvery)
	defer tick.Stop()
	began, done := time.Now(), time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			due := time.Duration(float64(time.Since(began)) * ppm / 1e6)
			c.Step(due - done)
			done = due
		}
	}
}

// Strobe steps the time of day by offset and back again, one of them every period, and returns when ctx ends, with the clock
// stepped back.
func (c *Clock) Strobe(ctx context.Context, offset, period time.Duration) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for away := time.Duration(0); ; {
		select {
		case <-ctx.Done():
			c.Step(-away)
			return
		case <-tick.C:
			c.Step(offset - 2*away)
			away = offset - away
		}
	}
}
