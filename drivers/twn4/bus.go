package twn4

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/polled"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
)

const hint = "check that it runs the Simple Protocol (firmware with PRS in its name, ASCII mode, CRC as configured)"

// Options says which reader is on which line and how it is set up.
type Options struct {
	Name       string           // of the bus, in metrics and logs
	Line       *serialport.Line // not used by anybody else
	Reader     string           // name, unique in the gateway
	Order      credential.Order // of the octets of UIDs and EM4102 identifiers
	Tags       []Tag            // kinds of cards to search for; all of Tags() when empty
	CRC        bool             // the reader's firmware was built with CRC on
	Blue       bool             // its third light is blue; yellow when false
	Quiet      bool             // it does not beep
	HoldOff    time.Duration    // the same card again within this is one tap; 2 s when zero
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // time.Now when nil
}

// Bus is one line with one TWN4.
type Bus struct{ *solo.Bus }

var _ drivers.Bus = (*Bus)(nil)

// New checks the options and registers the metrics of the bus; the line is opened by Run. Its error names every fault.
func New(o Options) (*Bus, error) {
	if len(o.Tags) == 0 {
		o.Tags = Tags()
	}
	p := polled.Options{
		Driver: "twn4", Name: o.Name, Line: o.Line, Reader: o.Reader, Hint: hint, Alike: !o.Blue, HoldOff: o.HoldOff,
		Fault: checkTags(o.Tags), Registerer: o.Registerer, Log: o.Log, Now: o.Now,
	}
	if o.Line != nil {
		p.Dialect = newReader(o)
	}
	b, err := polled.New(p)
	if err != nil {
		return nil, err
	}
	return &Bus{b}, nil
}

func checkTags(tags []Tag) error {
	for _, t := range tags {
		if _, known := tagNames[t]; !known {
			return fmt.Errorf("tags of type %02X are not read here: name mifare, em4102 or hidprox", byte(t))
		}
	}
	return nil
}
