// Package capture runs the serial lines: every Read is handed to a Handler, one reader after another at its own pace, and
// the Handler's answer is shown on the reader it came from. It keeps the steady lights right and can tell up to which
// moment everything heard has been answered. For a technician it tries lights and sets readers up. It does not know what a
// session, a student or a journal is.
package capture

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
)

// Handler answers a Read with what the reader is to show. It may block as long as it takes to keep the tap: only that
// reader waits. It is called for one Read of a reader at a time, and for several readers at once.
type Handler interface {
	Tap(ctx context.Context, r drivers.Read) drivers.Signal
}

// Lights says what readers show between taps.
type Lights interface {
	// Steady is the steady signal of a reader at a moment.
	Steady(reader string, now time.Time) drivers.Signal
	// Next is the first moment after now when some steady signal may change by itself.
	Next(now time.Time) (at time.Time, ok bool)
	// Changed is closed when steady signals may have changed for another reason.
	Changed() <-chan struct{}
}

// Bus is one line with the names of its readers.
type Bus struct {
	Name    string
	Driver  drivers.Bus
	Readers []string
}

// Options of a Capture.
type Options struct {
	Buses      []Bus
	Handler    Handler
	Lights     Lights
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // nil is time.Now; must carry the monotonic reading
}

// Capture runs all lines of a gateway.
type Capture struct {
	o     Options
	lines []*line
	lit   prometheus.Histogram

	mu     sync.Mutex                // guards everything that follows, and that nothing else is shown meanwhile
	steady map[string]drivers.Signal // what was shown last between taps
	trials map[string]*trial         // readers whose lights are being tried
}

// LineState is one line and its readers, as their driver tells of them.
type LineState struct {
	Line    drivers.LineStatus
	Readers []drivers.Status
}

// New makes a line with a worker for each reader of every bus; nothing runs yet.
func New(o Options) *Capture {
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Capture{o: o, steady: map[string]drivers.Signal{}, trials: map[string]*trial{}}
	for _, b := range o.Buses {
		c.lines = append(c.lines, newLine(c, b))
	}
	c.register(o.Registerer)
	return c
}

// Run runs every line until ctx ends and returns nil then. It stops in an order that answers the card in hand: first no
// line is listened to any more, then every Read already taken is answered and shown, then the lines close with their
// lights off.
func (c *Capture) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, l := range c.lines {
		all.Go(func() { l.run(ctx) })
	}
	all.Go(func() { c.keepLit(ctx) })
	all.Wait()
	return nil
}

// Lines tells the state of every line and its readers, in configured order.
func (c *Capture) Lines() []LineState {
	var all []LineState
	for _, l := range c.lines {
		all = append(all, LineState{Line: l.bus.Driver.Line(), Readers: l.bus.Driver.Status()})
	}
	return all
}

// Status tells the state of every reader, line by line.
func (c *Capture) Status() []drivers.Status {
	var all []drivers.Status
	for _, l := range c.Lines() {
		all = append(all, l.Readers...)
	}
	return all
}

// lineWith finds the line of a reader.
func (c *Capture) lineWith(reader string) (*line, error) {
	for _, l := range c.lines {
		if slices.Contains(l.bus.Readers, reader) {
			return l, nil
		}
	}
	return nil, fmt.Errorf("%q: %w", reader, drivers.ErrNoReader)
}
