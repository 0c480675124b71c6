package pn532

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/polled"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

const hint = "check that the module's switches select HSU"

// Options says which reader is on which line and how it is wired.
type Options struct {
	Name       string           // of the bus, in metrics and logs
	Line       *serialport.Line // not used by anybody else; 115200 unless the module was told otherwise
	Reader     string           // name, unique in the gateway
	Order      credential.Order // of the octets of UIDs
	Lights     Lights
	HoldOff    time.Duration // the same card again within this is one tap; 2 s when zero
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // time.Now when nil
}

// Bus is one line with one PN532.
type Bus struct{ *solo.Bus }

var _ drivers.Bus = (*Bus)(nil)

// New checks the options and registers the metrics of the bus; the line is opened by Run. Its error names every fault.
func New(o Options) (*Bus, error) {
	b, err := polled.New(polled.Options{
		Driver: "pn532", Name: o.Name, Line: o.Line, Reader: o.Reader, Dialect: newReader(o), Hint: hint,
		NoLight: o.Lights.none(), Alike: o.Lights.Blue == NoPin, HoldOff: o.HoldOff, Fault: o.Lights.check(),
		Registerer: o.Registerer, Log: o.Log, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	return &Bus{b}, nil
}
