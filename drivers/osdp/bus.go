package osdp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/recent"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// defaultSignalWithin covers one journal flush on a slow SD card, about 8 ms, and the decision.
const defaultSignalWithin = 15 * time.Millisecond

// Reader is one reader on the bus.
type Reader struct {
	Name     string           // unique in the gateway
	Address  byte             // 0 to 0x7E, unique on the bus
	Order    credential.Order // of the octets of UIDs
	Checksum bool             // the reader knows no CRC
	Secure   bool             // only ever spoken to under its own key; without one it is not used
	Ready    Colour           // steady colour of an open register; Blue when zero
	Instead  Colour           // the same on a reader that declares bi-colour LEDs; Amber when zero
}

// Options says which readers hang on which line.
type Options struct {
	Name         string           // of the bus, in metrics and logs
	Line         *serialport.Line // not used by anybody else
	Readers      []Reader         // in the order Status reports them
	Keys         Keys             // of the readers; nil when none has one
	SignalWithin time.Duration    // how long the bus waits for the light of a card before it polls on; 15 ms when zero
	Registerer   prometheus.Registerer
	Log          *slog.Logger
	Now          func() time.Time // time.Now when nil
}

// Bus is one line with OSDP readers.
type Bus struct {
	options Options
	line    *serialport.Line
	meters  *meters
	board   *board

	cycle, reply, light recent.Window
}

var (
	_ drivers.Bus          = (*Bus)(nil)
	_ drivers.Commissioner = (*Bus)(nil)
)

// New checks the options and registers the metrics of the bus; the line is opened by Run. Its error names every fault.
func New(o Options) (*Bus, error) {
	if o.SignalWithin == 0 {
		o.SignalWithin = defaultSignalWithin
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Keys == nil {
		o.Keys = noKeys{}
	}
	if err := check(o); err != nil {
		return nil, fmt.Errorf("osdp bus %q: %w", o.Name, err)
	}
	o.Readers = withColours(o.Readers)
	b := &Bus{options: o, line: o.Line, meters: newMeters(o.Name, o.Readers), board: newBoard(o.Readers, o.Now())}
	return b, b.meters.register(o.Registerer)
}

func check(o Options) error {
	var faults []error
	if o.Line == nil {
		faults = append(faults, errors.New("no serial line"))
	}
	if len(o.Readers) == 0 {
		faults = append(faults, errors.New("no readers: name at least one"))
	}
	names, addresses := map[string]bool{}, map[byte]string{}
	for _, r := range o.Readers {
		if r.Name == "" || names[r.Name] {
			faults = append(faults, fmt.Errorf("reader name %q is empty or used twice: give each its own", r.Name))
		}
		if r.Address > highestAddr {
			faults = append(faults, fmt.Errorf("reader %q: address %d is not possible: use 0 to %d", r.Name, r.Address, highestAddr))
		}
		if other, taken := addresses[r.Address]; taken {
			faults = append(faults, fmt.Errorf("readers %q and %q have the same address %d: set another on one of them", other, r.Name, r.Address))
		}
		names[r.Name], addresses[r.Address] = true, r.Name
	}
	return errors.Join(faults...)
}

func withColours(readers []Reader) []Reader {
	out := append([]Reader(nil), readers...)
	for i := range out {
		if out[i].Ready == Dark {
			out[i].Ready = Blue
		}
		if out[i].Instead == Dark {
			out[i].Instead = Amber
		}
	}
	return out
}

// Run implements drivers.Bus. A Bus runs once.
func (b *Bus) Run(ctx context.Context, reads chan<- drivers.Read) error {
	defer close(b.board.over)
	l := newLoop(b)
	go l.courier.carry(ctx, reads)
	err := b.line.Supervise(ctx, l.talk)
	<-l.courier.done
	return err
}

// Show implements drivers.Bus. A reader that is not on this bus is ignored.
func (b *Bus) Show(reader string, s drivers.Signal) { b.board.ask(reader, s) }

// Status implements drivers.Bus.
func (b *Bus) Status() []drivers.Status {
	statuses := b.board.statuses()
	line := b.line.State()
	if line.Up {
		return statuses
	}
	for i := range statuses {
		statuses[i].Trouble = line.Trouble
	}
	return statuses
}

// Line implements drivers.Bus.
func (b *Bus) Line() drivers.LineStatus {
	line, t := b.line.State(), b.board.tallied()
	return drivers.LineStatus{
		Bus: b.options.Name, Driver: "osdp", Device: b.line.Path(), Baud: b.line.Baud(),
		Up: line.Up, Since: line.Since, Trouble: line.Trouble, Advice: line.Advice,
		Exchanges: t.exchanges, Retries: t.retries, Noise: t.noise, Reopens: line.Opened,
		Cycle: b.cycle.Summary(), Reply: b.reply.Summary(), Light: b.light.Summary(),
	}
}
