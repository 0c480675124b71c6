package timetable

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Why central's timetable was not taken.
var (
	ErrOtherBuilding = errors.New("timetable is of another building")
	ErrOlder         = errors.New("timetable is older than the one held")
)

// largeDocument is the size, in octets, from which a timetable takes so much more room while it is decoded than its index
// does afterwards that a small board wants the difference back at once.
const largeDocument = 4 << 20

// Options of a Cache.
type Options struct {
	Path       string                    // file in which the signed timetable is kept
	Building   string                    // whose timetable is wanted; empty takes any
	Authority  func() []*ecdsa.PublicKey // the campus authorities, one of whose signatures every timetable must carry
	Former     func() []*ecdsa.PublicKey // whose counts besides on the one kept; nil if nobody's does
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // nil is time.Now
}

// Cache holds the timetable in force and keeps it on disk. Safe from any goroutine.
type Cache struct {
	o       Options
	current atomic.Pointer[Index]

	mu      sync.Mutex // guards everything that follows
	changed chan struct{}
	synced  time.Time // when central last confirmed or replaced it; zero if never in this run
	trouble error     // why the kept one was refused, or the last one could not be kept
}

// Open recalls the kept timetable. A damaged one is put aside under "<path>.damaged" and named in Warning: the gateway
// starts without, keeps taps unjudged, and asks central for a fresh one.
func Open(o Options) *Cache {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Former == nil {
		o.Former = func() []*ecdsa.PublicKey { return nil }
	}
	c := &Cache{o: o, changed: make(chan struct{})}
	c.register()
	switch err := c.recall(); {
	case err == nil, errors.Is(err, os.ErrNotExist):
	default:
		c.trouble = err
		o.Log.Warn("kept timetable refused", slog.String("file", o.Path), slog.Any("error", err))
		if err := os.Rename(o.Path, o.Path+".damaged"); err != nil {
			c.trouble = errors.Join(c.trouble, err)
		}
	}
	return c
}

func (c *Cache) recall() error {
	s, err := recall(c.o.Path)
	if err != nil {
		return err
	}
	x, err := c.open(s, append(c.o.Authority(), c.o.Former()...))
	if err != nil {
		return err
	}
	c.current.Store(x)
	giveBack(len(s.Document))
	return nil
}

// giveBack returns memory to the system once nothing refers to a document of so many octets any more.
func giveBack(octets int) {
	if octets > largeDocument {
		debug.FreeOSMemory()
	}
}

// open checks a signed timetable and makes its index.
func (c *Cache) open(s contract.SignedTimetable, authorities []*ecdsa.PublicKey) (*Index, error) {
	if err := contract.VerifyAny(authorities, s.Document, s.Signature); err != nil {
		return nil, fmt.Errorf("open timetable: %w", err)
	}
	t, err := s.Decode()
	if err != nil {
		return nil, fmt.Errorf("open timetable: %w", err)
	}
	if c.o.Building != "" && t.Building != c.o.Building {
		return nil, fmt.Errorf("open timetable: %w: %q, this gateway was enrolled for %q", ErrOtherBuilding, t.Building, c.o.Building)
	}
	return Build(t), nil
}

// Index is the timetable in force; nil when there is none.
func (c *Cache) Index() *Index { return c.current.Load() }

// Changed is closed when the next timetable comes into force.
func (c *Cache) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Install checks a timetable from central, brings it into force and keeps it. One that cannot be kept is in force all the
// same; the error says so and Warning repeats it.
func (c *Cache) Install(s contract.SignedTimetable) error {
	x, err := c.open(s, c.o.Authority())
	if err != nil {
		return err
	}
	// A central restored from a backup counts from a lower version again, but it made that timetable later.
	if held := c.Index(); held != nil && x.version <= held.version && !x.madeAt.After(held.madeAt) {
		return fmt.Errorf("install timetable: %w: version %d, held is %d", ErrOlder, x.version, held.version)
	}
	c.current.Store(x)
	err = keep(c.o.Path, s)
	defer giveBack(len(s.Document)) // after the readers' lights were told
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = err
	close(c.changed)
	c.changed = make(chan struct{})
	return err
}

// confirm notes that central was asked and the held timetable is the newest.
func (c *Cache) confirm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.synced = c.o.Now()
}

// SyncedAt is when central last confirmed or replaced the timetable; zero if not in this run.
func (c *Cache) SyncedAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.synced
}

// Warning is one sentence for a technician when the timetable is missing, past its horizon, soon to be, or not kept.
func (c *Cache) Warning(now time.Time) string {
	c.mu.Lock()
	trouble := c.trouble
	c.mu.Unlock()
	x := c.Index()
	switch {
	case x == nil && trouble != nil:
		return fmt.Sprintf("no timetable: %v; taps are kept unjudged until central sends one", trouble)
	case x == nil:
		return "no timetable yet: taps are kept unjudged until central sends one; check the link to central and that this building has points and sessions"
	case !x.Usable(now):
		return fmt.Sprintf("timetable version %d speaks of %s to %s, the clock says %s: taps are kept unjudged; check the clock and the link to central",
			x.version, minute(x.madeAt), minute(x.validUntil), minute(now))
	case now.After(x.validUntil.Add(-24 * time.Hour)):
		return fmt.Sprintf("timetable version %d ends at %s: restore the link to central before that", x.version, minute(x.validUntil))
	case trouble != nil:
		return fmt.Sprintf("timetable version %d is not on disk and will be missing after a restart: %v", x.version, trouble)
	}
	return ""
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }
