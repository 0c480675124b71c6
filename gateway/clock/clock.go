// Package clock says what time it is and how sure the gateway is of it: a small board has no clock of its own that runs
// while the power is off. It never sets the clock and never refuses a tap for a bad one.
package clock

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	lookEvery = time.Second // how often Run compares the two clocks
	stepOver  = time.Second // wall time that moves further than this against the time since boot was set, not steered
)

// Kernel is what the operating system knows of time.
type Kernel interface {
	// Wall is the time of day, with Go's monotonic reading.
	Wall() time.Time
	// Ago is how long ago a moment of Wall was, by a clock that nobody sets.
	Ago(at time.Time) time.Duration
	// Uptime is CLOCK_BOOTTIME: the time since boot, suspended time included.
	Uptime() time.Duration
	// Discipline is whether the kernel's clock is synchronised and the bound of its error; an error means it would not say.
	Discipline() (synchronised bool, within time.Duration, err error)
}

// Options of a Clock.
type Options struct {
	Kernel     Kernel        // nil is Linux
	Boot       contract.Boot // which boot of the kernel; zero reads it from the kernel
	Registerer prometheus.Registerer
	Log        *slog.Logger
}

// Clock stamps records. Safe from any goroutine.
type Clock struct {
	kernel Kernel
	boot   contract.Boot
	log    *slog.Logger
	steps  prometheus.Counter

	mu       sync.Mutex // guards everything that follows
	gained   bool       // synchronised at some moment of this boot
	stepped  int
	known    reference        // the time was known then, in this boot; zero if it never was
	passed   reference        // that time had passed then; zero if nothing is known to have
	against  time.Duration    // how far central is away from a synchronised kernel; 0 while they agree, or nothing was heard
	kept     time.Duration    // time since boot when the last anchor was written
	anchor   *contract.Anchor // to be written
	anchored bool             // some was, in this run
}

// Open finds out which boot this is.
func Open(o Options) (*Clock, error) {
	if o.Kernel == nil {
		o.Kernel = Linux{}
	}
	if o.Boot == (contract.Boot{}) {
		boot, err := thisBoot()
		if err != nil {
			return nil, fmt.Errorf("open clock: %w", err)
		}
		o.Boot = boot
	}
	c := &Clock{kernel: o.Kernel, boot: o.Boot, log: o.Log}
	c.register(o.Registerer)
	return c, nil
}

// Now is the kernel's time of day, with Go's monotonic reading: a moment of this process, for Stamp and TimeOf.
func (c *Clock) Now() time.Time { return c.kernel.Wall() }

// Stamp says when something happened. The moment at must carry the monotonic reading of this process: what counts is how
// long ago it was, so that a clock set in between corrects the stamp as well.
func (c *Clock) Stamp(at time.Time) contract.Stamp {
	now, uptime, ago := c.kernel.Wall(), c.kernel.Uptime(), max(c.kernel.Ago(at), 0)
	s := contract.Stamp{Boot: c.boot, Uptime: max(uptime-ago, 0)}
	s.Quality, s.Within = c.quality()
	s.At = c.civil(now, uptime, s.Quality).Add(-ago).UTC().Round(0)
	return s
}

// TimeOf is the time of day at a moment of this process, as far as the gateway knows, UTC.
func (c *Clock) TimeOf(at time.Time) time.Time { return c.Stamp(at).At }

// Quality is how far the clock can be trusted at this moment.
func (c *Clock) Quality() contract.Quality {
	q, _ := c.quality()
	return q
}

func (c *Clock) quality() (contract.Quality, time.Duration) {
	synchronised, within, err := c.kernel.Discipline()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil && synchronised:
		c.gained = true
		return contract.Synchronised, wholeMilliseconds(within)
	case c.gained:
		return contract.FreeRunning, 0
	}
	return contract.NeverSet, 0
}

func wholeMilliseconds(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// Stepped counts how often the clock was set since Open: intervals across such a moment have no length anyone knows.
func (c *Clock) Stepped() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stepped
}

// Warning is one sentence for a technician while the time is not certain.
func (c *Clock) Warning() string {
	_, _, err := c.kernel.Discipline()
	known, against := c.opinions()
	switch q := c.Quality(); {
	case q == contract.Synchronised && against != 0:
		return fmt.Sprintf("the clock is synchronised, and central's is %v away from it: taps are kept and somebody must look at each; find out which time server is wrong", against.Round(time.Second))
	case q != contract.Synchronised && known:
		return "the clock has no time source and goes by what central says: check chrony and that an NTP server can be reached"
	case err != nil:
		return fmt.Sprintf("the kernel does not tell whether its clock is right (%v): taps are kept and marked; allow adjtimex", err)
	case q == contract.FreeRunning:
		return "the clock has lost its time source and runs freely: check that an NTP server can be reached"
	case q == contract.NeverSet:
		return "the clock was not synchronised since boot: taps are kept, with the time since boot beside the time of day; check chrony and that an NTP server can be reached"
	}
	return ""
}

// Run watches the clock until ctx ends and returns nil then. It calls anchor whenever time was gained: at first, when the
// clock becomes synchronised, when a synchronised clock was set, and as Hear says. An error of anchor ends it.
func (c *Clock) Run(ctx context.Context, anchor func(contract.Anchor) error) error {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	w := watch{clock: c}
	for {
		for _, a := range w.look() {
			if err := anchor(a); err != nil {
				return fmt.Errorf("keep anchor: %w", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// watch remembers what the clock looked like.
type watch struct {
	clock    *Clock
	looked   bool
	offset   time.Duration // wall time minus time since boot
	anchored time.Duration // offset of the last anchor
	trusted  bool          // it was synchronised
}

// look compares the clock with what it was, and gives the anchors that are due.
func (w *watch) look() []contract.Anchor {
	c := w.clock
	wall, uptime := c.kernel.Wall(), c.kernel.Uptime()
	quality, within := c.quality()
	now := c.civil(wall, uptime, quality)
	offset := time.Duration(now.UnixNano()) - uptime
	if w.looked && (offset-w.offset).Abs() > stepOver {
		c.step(offset - w.offset)
	}
	trusted := quality == contract.Synchronised
	due := trusted && (!w.trusted || (offset-w.anchored).Abs() > stepOver)
	w.looked, w.offset, w.trusted = true, offset, trusted
	anchors := c.due(uptime)
	if trusted {
		c.know(reference{uptime, now, within})
	}
	if due {
		w.anchored = offset
		c.keptAt(uptime)
		anchors = append(anchors, contract.Anchor{Boot: c.boot, Uptime: uptime, At: now.UTC().Round(0), Within: within})
	}
	return anchors
}

func (c *Clock) step(by time.Duration) {
	c.mu.Lock()
	c.stepped++
	c.mu.Unlock()
	c.steps.Inc()
	c.log.Warn("clock was set", slog.Duration("by", by))
}
