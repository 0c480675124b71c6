package polled

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

// Options says which reader is on which line and what it understands.
type Options struct {
	Driver     string           // as in drivers.LineStatus
	Name       string           // of the bus, in metrics and logs
	Line       *serialport.Line // not used by anybody else
	Reader     string           // name, unique in the gateway
	Dialect    Dialect
	Hint       string        // what else to check of a reader of this kind that does not answer; completes a sentence
	NoLight    bool          // the reader has nothing to show
	Alike      bool          // its blue and its amber cannot be told apart: Fault blinks
	HoldOff    time.Duration // the same card again within this is one tap; 2 s when zero
	Fault      error         // what the driver found wrong with its own options
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // time.Now when nil
}

// New checks the options and registers the metrics of the bus; the line is opened by Run. Its error names every fault.
func New(o Options) (*solo.Bus, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	return solo.New(solo.Options{
		Driver: o.Driver, Name: o.Name, Line: o.Line, Reader: o.Reader, Polled: true, NoLight: o.NoLight,
		HoldOff: o.HoldOff, Fault: o.Fault, Registerer: o.Registerer, Log: o.Log, Now: o.Now,
		Talk: newTalk(o).run,
	})
}

// newTalk makes the conversation that outlives each opening of the line.
func newTalk(o Options) *talk { return &talk{Options: o} }

// run holds one conversation.
func (t *talk) run(ctx context.Context, s *solo.Session) error {
	t.begin(ctx, s)
	for ctx.Err() == nil {
		t.step()
		if t.line.fault != nil {
			return t.line.fault
		}
		t.idle(ctx)
	}
	return t.part()
}
