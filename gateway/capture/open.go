package capture

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// Line describes a serial line as a site configures it. Words are those of the configuration; an empty one is what the
// driver has without it.
type Line struct {
	Name    string
	Driver  string // osdp, twn4, pn532, ascii or qr
	Preset  string // of ascii
	Device  string // path of the tty
	Baud    int
	HoldOff time.Duration // not of osdp; 0 is the driver's own
	RS485   RS485         // where the port itself turns the line round
	Keys    osdp.Keys     // of OSDP readers; nil when there is no place for any
	TWN4    TWN4
	PN532   PN532
	Format  Format // of a generic ascii reader
	Readers []Reader

	// Feedback is what a generic ascii reader is sent for a signal, by the signal's name; without it the reader has no light.
	Feedback map[string]string
}

// Reader describes a reader on a line.
type Reader struct {
	Name      string
	Address   byte   // of osdp
	Secure    bool   // of osdp: only ever spoken to under its own key
	Checksum  bool   // of osdp: knows no CRC
	Open      string // of osdp: colour of an open register, blue, amber or white
	ByteOrder string // of UIDs: msb or lsb first
}

// RS485 is how the port turns an RS-485 line round; without a level of RTS it is left alone.
type RS485 struct {
	RTS           string // level while octets go out: high or low
	Before, After time.Duration
}

func (r RS485) port() serialport.RS485 {
	return serialport.RS485{Enable: r.RTS != "", SendLow: r.RTS == "low", Before: r.Before, After: r.After}
}

// TWN4 is how an Elatec TWN4 is set up.
type TWN4 struct {
	Tags  []string
	CRC   bool
	Third string
}

// PN532 is what is wired to which output of a PN532.
type PN532 struct {
	Red, Green, Blue, Buzzer string
	Inverted                 bool
}

// Format is a line of a generic ascii reader.
type Format struct {
	Start, End            string
	Digits, Check, Medium string
	Octets                int
	Facility, Card        string
	Bits                  int
	Prompt                string
	Replies               []string
}

// ErrDriver means no driver of that name or preset exists.
var ErrDriver = errors.New("no such driver")

// Open makes the driver of a line; the line itself is opened when the driver runs.
func Open(l Line, r prometheus.Registerer, log *slog.Logger) (Bus, error) {
	port, err := serialport.New(serialport.Options{Bus: l.Name, Path: l.Device, Baud: l.Baud, RS485: l.RS485.port(), Registerer: r, Log: log})
	if err != nil {
		return Bus{}, fmt.Errorf("open bus %s: %w", l.Name, err)
	}
	bus := Bus{Name: l.Name}
	for _, reader := range l.Readers {
		bus.Readers = append(bus.Readers, reader.Name)
	}
	if bus.Driver, err = (parts{l, port, r, log}).driver(); err != nil {
		return Bus{}, fmt.Errorf("open bus %s: %w", l.Name, err)
	}
	return bus, nil
}

// parts is what a driver is made of.
type parts struct {
	Line
	port *serialport.Line
	r    prometheus.Registerer
	log  *slog.Logger
}

func (p parts) driver() (drivers.Bus, error) {
	if p.Driver == "osdp" {
		return p.osdp()
	}
	if len(p.Readers) != 1 {
		return nil, fmt.Errorf("%d readers on a line that carries one", len(p.Readers))
	}
	switch p.Driver {
	case "twn4":
		return p.twn4()
	case "pn532":
		return p.pn532()
	case "ascii":
		return p.ascii()
	case "qr":
		return p.qr()
	}
	return nil, fmt.Errorf("%w: %q", ErrDriver, p.Driver)
}

func order(text string) credential.Order {
	if text == "lsb" {
		return credential.Reversed
	}
	return credential.AsSent
}
