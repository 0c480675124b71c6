package solo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/holdoff"
	"github.com/rollcall-edge/rollcall/drivers/recent"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

const (
	pushedRoom = 32 // cards of a reader that pushes, which wait here before the line is no longer read
	polledRoom = 1  // a polled reader keeps its next card to itself
)

// What Status says of a reader that is in order but has nothing to show, of a polled one before it answers, and of any
// whose line has just gone.
const (
	noLight = "has no light: students see no answer; fit an OSDP reader where they need one"
	notYet  = "has not answered yet: check its speed, its power and its cable"
	hungUp  = "its line hung up: check the cable and the adapter's power"
)

// Talk holds one conversation with the reader: from the opening of the line until it hangs up, which it returns, or
// until ctx ends; then it puts the light off and returns within 150 ms.
type Talk func(ctx context.Context, s *Session) error

// Options says which reader is on which line, and what speaks to it.
type Options struct {
	Driver  string           // as in drivers.LineStatus
	Name    string           // of the bus, in metrics and logs
	Line    *serialport.Line // not used by anybody else
	Reader  string           // name, unique in the gateway
	Talk    Talk
	Polled  bool          // the reader is asked and answers: it is up while it does; else its silence says nothing
	NoLight bool          // it has nothing to show
	HoldOff time.Duration // the same card again within this is one tap; 2 s when zero
	Fault   error         // what the driver found wrong with its own options, reported by New together with the rest

	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // time.Now when nil
}

// Bus is one line with one reader.
type Bus struct {
	options Options
	meters  *meters
	queue   *queue
	asks    *asks
	holdOff *holdoff.Memory // of the goroutine that talks
	wake    chan struct{}   // holds one token when that goroutine should look again

	cycle, reply, light recent.Window

	mu     sync.Mutex // guards everything that follows
	status drivers.Status
}

var _ drivers.Bus = (*Bus)(nil)

// New checks the options and registers the metrics of the bus; the line is opened by Run. Its error names every fault.
func New(o Options) (*Bus, error) {
	if o.HoldOff == 0 {
		o.HoldOff = holdoff.Default
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("%s bus %q: %w", o.Driver, o.Name, err)
	}
	wake := make(chan struct{}, 1)
	m := newMeters(o)
	b := &Bus{
		options: o, meters: m, queue: newQueue(o, &m.waits, wake), asks: newAsks(o.Now, &m.unshown, wake),
		holdOff: holdoff.New(o.HoldOff), wake: wake,
		status: drivers.Status{Reader: o.Reader, Supervised: o.Polled, Since: o.Now()},
	}
	if err := m.register(o.Name, o.Registerer); err != nil {
		return nil, err
	}
	return b, nil
}

func (o Options) check() error {
	faults := []error{o.Fault}
	if o.Line == nil {
		faults = append(faults, errors.New("no serial line"))
	}
	if o.Reader == "" {
		faults = append(faults, errors.New("no reader: give it a name"))
	}
	return errors.Join(faults...)
}

// Run implements drivers.Bus.
func (b *Bus) Run(ctx context.Context, reads chan<- drivers.Read) error {
	carried := make(chan struct{})
	go func() {
		defer close(carried)
		b.queue.carry(ctx, reads)
	}()
	err := b.options.Line.Supervise(ctx, b.session)
	<-carried
	return err
}

// session is one life of the line.
func (b *Bus) session(ctx context.Context, port *serialport.Port) error {
	if b.options.Polled {
		b.turn(false, notYet)
	} else {
		b.turn(true, "")
	}
	defer b.turn(false, hungUp) // until the line, which takes a moment to close, says it in its own words
	return b.options.Talk(ctx, &Session{bus: b, port: port})
}

// turn notes whether the reader is up, and the trouble. Coming up, it is to show its steady light; going down, it loses
// the flashes that wait.
func (b *Bus) turn(up bool, trouble string) {
	now := b.options.Now()
	b.mu.Lock()
	changed := b.status.Up != up
	b.status.Up, b.status.Trouble = up, trouble
	if changed {
		b.status.Since = now
	}
	b.mu.Unlock()
	if changed {
		b.asks.turn(up)
		b.meters.turn(up)
	}
}

// Show implements drivers.Bus. A reader that is not on this bus is ignored.
func (b *Bus) Show(reader string, s drivers.Signal) {
	if reader != b.options.Reader {
		return
	}
	if !s.Steady() {
		b.asks.flash(s, b.queue.answered())
		return
	}
	b.mu.Lock()
	b.status.Steady = s
	b.mu.Unlock()
	b.asks.stay(s)
}

// Status implements drivers.Bus. Of a line that is not open it says that, and nothing of the reader.
func (b *Bus) Status() []drivers.Status {
	line := b.options.Line.State()
	b.mu.Lock()
	s := b.status
	b.mu.Unlock()
	switch {
	case !line.Up:
		s.Trouble = line.Trouble
	case s.Trouble == "" && b.options.NoLight:
		s.Trouble = noLight
	}
	s.Counts = b.meters.counts()
	return []drivers.Status{s}
}

// Line implements drivers.Bus.
func (b *Bus) Line() drivers.LineStatus {
	line := b.options.Line.State()
	return drivers.LineStatus{
		Bus: b.options.Name, Driver: b.options.Driver, Device: b.options.Line.Path(), Baud: b.options.Line.Baud(),
		Up: line.Up, Since: line.Since, Trouble: line.Trouble, Advice: line.Advice, Reopens: line.Opened,
		Exchanges: b.meters.asked.value(), Retries: b.meters.retries.value(), Noise: b.meters.noise.value(),
		Cycle: b.cycle.Summary(), Reply: b.reply.Summary(), Light: b.light.Summary(),
	}
}
