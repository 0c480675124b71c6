package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// Reasons not to try lights, or to end it. Each is a sentence for the person at the reader.
var (
	ErrDown   = errors.New("the reader does not answer, so no light would be seen")
	ErrOpen   = errors.New("a register is open there, and a light shown now would promise students what is not so")
	ErrTrying = errors.New("its lights are being tried already")
	ErrTapped = errors.New("a card was held to the reader, and its answer goes before a trial")
)

// tryFor is how long each light is shown: the longest flash of a driver and a moment of dark after it.
const tryFor = 2 * time.Second

// trial is a reader whose lights are being tried.
type trial struct {
	before drivers.Signal // what the reader is to show between taps
	end    context.CancelCauseFunc
}

// Try shows lights on a reader one after the other, each for two seconds, and then what it is to show between taps. It
// calls shown before each. It ends early when a card is answered there, or a register opens.
func (c *Capture) Try(ctx context.Context, reader string, signals []drivers.Signal, shown func(drivers.Signal)) error {
	l, err := c.lineWith(reader)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if err := c.begin(l, reader, end); err != nil {
		return err
	}
	defer c.endTrial(l, reader, nil)
	for _, s := range signals {
		shown(s)
		if !c.showTrial(ctx, l, reader, s) {
			break
		}
		pause(ctx, tryFor)
	}
	return context.Cause(ctx)
}

func (c *Capture) begin(l *line, reader string, end context.CancelCauseFunc) error {
	if s, ok := l.status(reader); !ok || !s.Up {
		return fmt.Errorf("%s: %w", reader, ErrDown)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	steady := c.o.Lights.Steady(reader, c.o.Now())
	switch {
	case c.trials[reader] != nil:
		return fmt.Errorf("%s: %w", reader, ErrTrying)
	case steady == drivers.Ready:
		return fmt.Errorf("%s: %w", reader, ErrOpen)
	}
	c.trials[reader] = &trial{before: steady, end: end}
	return nil
}

// showTrial is false when the trial has ended: the light then belongs to something else.
func (c *Capture) showTrial(ctx context.Context, l *line, reader string, s drivers.Signal) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	l.bus.Driver.Show(reader, s)
	return true
}

// endTrial puts back what a reader is to show between taps, if its lights are being tried.
func (c *Capture) endTrial(l *line, reader string, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endTrialLocked(l, reader, why)
}

func (c *Capture) endTrialLocked(l *line, reader string, why error) {
	t := c.trials[reader]
	if t == nil {
		return
	}
	delete(c.trials, reader)
	t.end(why)
	c.steady[reader] = c.o.Lights.Steady(reader, c.o.Now())
	l.bus.Driver.Show(reader, c.steady[reader])
}
