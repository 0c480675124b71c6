package capture

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/ascii"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// Line describes a serial line as a site configures it.
type Line struct {
	Name    string
	Driver  string // osdp or ascii
	Preset  string // of ascii: rdm6300 or generic
	Device  string // path of the tty
	Baud    int
	HoldOff time.Duration // of ascii; 0 is the driver's own
	Readers []Reader

	// Feedback is what a generic ascii reader is sent for a signal, by the signal's name; without it the reader has no light.
	Feedback map[string]string
}

// Reader describes a reader on a line.
type Reader struct {
	Name      string
	Address   byte   // of osdp
	Open      string // colour of an open register: blue (or empty), amber or white
	ByteOrder string // of UIDs: msb (or empty) or lsb first
}

// ErrDriver means no driver of that name or preset exists.
var ErrDriver = errors.New("no such driver")

// Open makes the driver of a line; the line itself is opened when the driver runs.
func Open(l Line, r prometheus.Registerer, log *slog.Logger) (Bus, error) {
	port, err := serialport.New(serialport.Options{Bus: l.Name, Path: l.Device, Baud: l.Baud, Registerer: r, Log: log})
	if err != nil {
		return Bus{}, fmt.Errorf("open bus %s: %w", l.Name, err)
	}
	bus := Bus{Name: l.Name}
	for _, reader := range l.Readers {
		bus.Readers = append(bus.Readers, reader.Name)
	}
	switch l.Driver {
	case "osdp":
		bus.Driver, err = osdp.New(osdp.Options{Name: l.Name, Line: port, Readers: osdpReaders(l.Readers), Registerer: r, Log: log})
	case "ascii":
		bus.Driver, err = openASCII(l, port, r, log)
	default:
		err = fmt.Errorf("%w: %q", ErrDriver, l.Driver)
	}
	if err != nil {
		return Bus{}, fmt.Errorf("open bus %s: %w", l.Name, err)
	}
	return bus, nil
}

func osdpReaders(readers []Reader) []osdp.Reader {
	var all []osdp.Reader
	for _, r := range readers {
		o := osdp.Reader{Name: r.Name, Address: r.Address, Order: order(r.ByteOrder)}
		switch r.Open {
		case "amber":
			o.Ready, o.Instead = osdp.Amber, osdp.Amber
		case "white":
			o.Ready, o.Instead = osdp.White, osdp.White
		}
		all = append(all, o)
	}
	return all
}

func openASCII(l Line, port *serialport.Line, r prometheus.Registerer, log *slog.Logger) (drivers.Bus, error) {
	if len(l.Readers) != 1 {
		return nil, fmt.Errorf("%d readers on a line that carries one", len(l.Readers))
	}
	format, ok := ascii.Preset(l.Preset)
	if !ok {
		return nil, fmt.Errorf("%w: preset %q", ErrDriver, l.Preset)
	}
	format.Order = order(l.Readers[0].ByteOrder)
	format.Feedback = make(map[drivers.Signal]string, len(l.Feedback))
	for name, text := range l.Feedback {
		signal, ok := drivers.ParseSignal(name)
		if !ok {
			return nil, fmt.Errorf("no signal is called %q", name)
		}
		format.Feedback[signal] = text
	}
	return ascii.New(ascii.Options{Name: l.Name, Line: port, Reader: l.Readers[0].Name, Format: format, HoldOff: l.HoldOff, Registerer: r, Log: log})
}

func order(text string) credential.Order {
	if text == "lsb" {
		return credential.Reversed
	}
	return credential.AsSent
}
