package ascii

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

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

// New checks the options and registers the metrics of the bus; the line is opened by Run. Its error names every fault.
func New(o Options) (*solo.Bus, error) {
	t := &talk{format: o.Format}
	_, lit := o.Format.Feedback[drivers.Ready]
	return solo.New(solo.Options{
		Driver: "ascii", Name: o.Name, Line: o.Line, Reader: o.Reader, Talk: t.run,
		NoLight: !lit, HoldOff: o.HoldOff, Fault: o.Format.check(),
		Registerer: o.Registerer, Log: o.Log, Now: o.Now,
	})
}
