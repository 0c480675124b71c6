package ascii

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

const (
	defaultHoldOff = 2 * time.Second
	flashFor       = time.Second           // then the steady signal is sent again
	octetWithin    = 50 * time.Millisecond // a line that stops for longer, and three octets, is given up
	queueRoom      = 32                    // cards that wait here for the gateway before the line is no longer read
	asksRoom       = 32                    // flashes that wait for the line
)

// noLight is what Status says of a reader that is in order but has nothing to show.
const noLight = "has no light: students see no answer; fit an OSDP reader where they need one"

// Options says which reader pushes on which line.
type Options struct {
	Name       string           // of the bus, in metrics and logs
	Line       *serialport.Line // not used by anybody else
	Reader     string           // name, unique in the gateway
	Format     Format
	HoldOff    time.Duration // the same card again within this is one tap; 2 s when zero
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // time.Now when nil
}

// Bus is one line with one push reader.
type Bus struct {
	options Options
	line    *serialport.Line
	meters  *meters
	wake    chan struct{} // holds one token when a signal waits

	mu      sync.Mutex // guards everything that follows
	steady  drivers.Signal
	changed bool // steady is not on the reader yet
	flashes []drivers.Signal
	heardAt time.Time
}

var _ drivers.Bus = (*Bus)(nil)

// New checks the options and registers the metrics of the bus; the line is opened by Run. Its error names every fault.
func New(o Options) (*Bus, error) {
	if o.HoldOff == 0 {
		o.HoldOff = defaultHoldOff
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	faults := []error{o.Format.check()}
	if o.Line == nil {
		faults = append(faults, errors.New("no serial line"))
	}
	if o.Reader == "" {
		faults = append(faults, errors.New("no reader: give it a name"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("ascii bus %q: %w", o.Name, err)
	}
	b := &Bus{options: o, line: o.Line, meters: newMeters(o.Name, o.Reader), wake: make(chan struct{}, 1)}
	return b, b.meters.register(o.Registerer)
}

// Run implements drivers.Bus.
func (b *Bus) Run(ctx context.Context, reads chan<- drivers.Read) error {
	t := newTalk(b)
	carried := make(chan struct{})
	go func() {
		defer close(carried)
		carry(ctx, t.queue, reads)
	}()
	err := b.line.Supervise(ctx, t.run)
	<-carried
	return err
}

// carry passes the cards on in order until ctx ends; what it holds then was never answered by a light.
func carry(ctx context.Context, queue <-chan drivers.Read, reads chan<- drivers.Read) {
	for {
		select {
		case r := <-queue:
			select {
			case reads <- r:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// Show implements drivers.Bus. A signal without feedback in the format is counted and not shown.
func (b *Bus) Show(reader string, s drivers.Signal) {
	if reader != b.options.Reader {
		return
	}
	if _, can := b.options.Format.Feedback[s]; !can {
		b.meters.unshown.Inc()
	}
	b.mu.Lock()
	switch {
	case s.Steady():
		b.changed = b.changed || b.steady != s
		b.steady = s
	case len(b.flashes) < asksRoom:
		b.flashes = append(b.flashes, s)
	default:
		b.meters.unshown.Inc()
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Status implements drivers.Bus.
func (b *Bus) Status() []drivers.Status {
	line := b.line.State()
	b.mu.Lock()
	defer b.mu.Unlock()
	s := drivers.Status{
		Reader: b.options.Reader, Up: line.Up, Since: line.Since, HeardAt: b.heardAt, Steady: b.steady, Trouble: line.Trouble,
	}
	if s.Trouble == "" && len(b.options.Format.Feedback) == 0 {
		s.Trouble = noLight
	}
	return []drivers.Status{s}
}

// heard notes a valid line.
func (b *Bus) heard(at time.Time) {
	b.mu.Lock()
	b.heardAt = at
	b.mu.Unlock()
	b.meters.heard.Set(float64(at.UnixNano()) / 1e9)
}

// asked takes the signals that wait; again asks for the steady one whether it changed or not.
func (b *Bus) asked(again bool) (signals []drivers.Signal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed || again {
		signals = append(signals, b.steady)
	}
	signals = append(signals, b.flashes...)
	b.changed, b.flashes = false, nil
	return signals
}

// Line implements drivers.Bus.
func (b *Bus) Line() drivers.LineStatus {
	line := b.line.State()
	return drivers.LineStatus{
		Bus: b.options.Name, Driver: "ascii", Device: b.line.Path(), Baud: b.line.Baud(),
		Up: line.Up, Since: line.Since, Trouble: line.Trouble, Advice: line.Advice, Reopens: line.Opened,
	}
}
