package serialport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Bauds are the line speeds that may be configured.
var Bauds = []int{1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400}

// A failed or short session is followed by a pause that doubles; one that lasted steadyAfter starts again at the shortest.
const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 5 * time.Second
	steadyAfter   = time.Second
)

// Options says which line and how fast it runs.
type Options struct {
	Bus        string // name in metrics and logs
	Path       string // device, best a name under /dev/serial/by-id; a symbolic link is followed anew at each open
	Baud       int    // one of Bauds
	RS485      RS485  // for a port that turns an RS-485 line round by itself; the zero value leaves the port as it is
	Sysfs      string // where the kernel describes its devices; /sys when empty
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // time.Now when nil

	onIdle func() // called after each read that ended without an octet; for the tests of idle lines
	ioctl  ioctl  // the kernel's, but in tests

	advise func(advice string) // called when an open port has other advice
}

// State is what a technician wants to know of a line. Trouble is one sentence, empty while the line is open.
type State struct {
	Up      bool
	Since   time.Time // when Up last changed
	Trouble string
	Advice  string // one sentence on what would make an open line better; empty when nothing would
	Opened  uint64 // times the line was opened
}

// Line is a serial line that comes back after an unplug. It holds nothing open between calls of Supervise.
type Line struct {
	options Options
	meters  meters

	mu    sync.Mutex // guards everything that follows
	state State
}

// New checks the options and registers the metrics of the line; it opens nothing.
func New(o Options) (*Line, error) {
	if o.Path == "" {
		return nil, errors.New("serial line without a path: name a device, for example /dev/serial/by-id/usb-…")
	}
	if !slices.Contains(Bauds, o.Baud) {
		return nil, fmt.Errorf("serial line %s: baud %d is not possible: use one of %v", o.Path, o.Baud, Bauds)
	}
	if err := o.RS485.check(); err != nil {
		return nil, fmt.Errorf("serial line %s: %w", o.Path, err)
	}
	l := &Line{options: o.withDefaults(), meters: newMeters(o.Bus)}
	l.options.advise = l.advise
	l.state = State{Since: l.options.Now(), Trouble: "not opened yet"}
	return l, l.meters.register(o.Registerer)
}

func (o Options) withDefaults() Options {
	if o.Sysfs == "" {
		o.Sysfs = "/sys"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.onIdle == nil {
		o.onIdle = func() {}
	}
	if o.ioctl == nil {
		o.ioctl = kernelIoctl
	}
	return o
}

// Supervise opens the line and hands it to talk, again and again, until ctx ends; it returns nil then.
// talk has the port to itself, returns soon after Port.Chunks is closed, and must not use the port afterwards.
// Only one Supervise may run at a time.
func (l *Line) Supervise(ctx context.Context, talk func(context.Context, *Port) error) error {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		lasted, err := l.session(ctx, talk)
		if ctx.Err() != nil {
			break
		}
		l.down(err)
		pause = nextPause(pause, lasted)
		wait(ctx, pause)
	}
	l.down(errors.New("closed: the gateway is stopping"))
	return nil
}

// session is one life of the line, from open to hang-up; lasted is zero when it could not be opened.
func (l *Line) session(ctx context.Context, talk func(context.Context, *Port) error) (lasted time.Duration, err error) {
	port, err := open(l.options)
	if err != nil {
		return 0, err
	}
	openedAt := l.options.Now()
	l.opened(port.advice)
	err = talk(ctx, port)
	return l.options.Now().Sub(openedAt), errors.Join(err, port.Close())
}

// nextPause doubles the pause up to its limit and starts anew after a session that lasted.
func nextPause(last, lasted time.Duration) time.Duration {
	if last == 0 || lasted >= steadyAfter {
		return shortestPause
	}
	return min(2*last, longestPause)
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// State tells whether the line is open. Safe from any goroutine.
func (l *Line) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Path is the configured device.
func (l *Line) Path() string { return l.options.Path }

// Baud is the configured speed in bits per second.
func (l *Line) Baud() int { return l.options.Baud }

// Wire is the time n octets take on the line at 8N1: ten bits each.
func (l *Line) Wire(n int) time.Duration {
	return time.Duration(n) * 10 * time.Second / time.Duration(l.options.Baud)
}

func (l *Line) opened(advice string) {
	l.mu.Lock()
	l.state = State{Up: true, Since: l.options.Now(), Opened: l.state.Opened + 1}
	l.mu.Unlock()
	l.advise(advice)
	l.meters.up.Set(1)
	l.meters.reopens.Inc()
	l.options.Log.Info("serial line open", slog.String("bus", l.options.Bus), slog.String("path", l.options.Path))
}

// advise notes what would make the open line better, and logs it when that is news.
func (l *Line) advise(advice string) {
	l.mu.Lock()
	news := l.state.Advice != advice && advice != ""
	l.state.Advice = advice
	l.mu.Unlock()
	if news {
		l.options.Log.Warn("serial line could be better", slog.String("bus", l.options.Bus), slog.String("advice", advice))
	}
}

// down notes why the line is closed, and logs it when that is news.
func (l *Line) down(err error) {
	next := State{Since: l.options.Now(), Trouble: trouble(l.options.Path, err)}
	l.mu.Lock()
	next.Opened = l.state.Opened
	if !l.state.Up {
		next.Since = l.state.Since
	}
	news := l.state.Trouble != next.Trouble
	l.state = next
	l.mu.Unlock()
	l.meters.up.Set(0)
	if news {
		l.options.Log.Warn("serial line down", slog.String("bus", l.options.Bus), slog.String("trouble", next.Trouble))
	}
}

// trouble says in one sentence what a technician can do about err.
func trouble(path string, err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no device " + path + ": plug the adapter in or correct the path"
	case errors.Is(err, fs.ErrPermission):
		return "no permission to open " + path + ": add the service user to the device's group (dialout)"
	case errors.Is(err, ErrBusy):
		return path + " is used by another program: stop that program"
	case errors.Is(err, ErrHangup):
		return path + " went away: check the cable and the adapter's power"
	case errors.Is(err, ErrStuck):
		return path + " does not take octets: unplug the adapter and plug it in again"
	case err == nil:
		return path + " is closed"
	}
	return path + ": " + err.Error()
}
