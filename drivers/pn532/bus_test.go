package pn532_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/pn532"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// door is a driver with a device on a cable.
type door struct {
	*device
	t     *testing.T
	bus   *pn532.Bus
	reads chan drivers.Read
}

// newDoor starts both; what is between them changes what the device writes.
func newDoor(t *testing.T, o pn532.Options, d *device, between func(io.ReadWriter) io.ReadWriter) *door {
	t.Helper()
	cable := drivertest.NewCable(t)
	line, err := serialport.New(serialport.Options{Path: cable.Path, Baud: 115200})
	if err != nil {
		t.Fatal(err)
	}
	o.Line = line
	k := &door{device: d, t: t, bus: newBus(t, o), reads: make(chan drivers.Read)}
	served, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(served)
		d.Serve(between(cable.End()))
	}()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		if err := k.bus.Run(ctx, k.reads); err != nil {
			t.Errorf("Run = %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		cable.Unplug()
		<-served
	})
	return k
}

func plain(line io.ReadWriter) io.ReadWriter { return line }

// until looks at a state until it is as it should be; the test's own time limit is the only one.
func (k *door) until(holds func() bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		<-tick.C
	}
}

func (k *door) status() drivers.Status { return k.bus.Status()[0] }

func (k *door) up() { k.until(func() bool { return k.status().Up }) }

// searched waits until the driver has looked so many times more.
func (k *door) searched(times int) {
	until := k.Asked() + times
	k.until(func() bool { return k.Asked() >= until })
}

func TestTwoCardsAtOnceAreOneReadThatSaysSo(t *testing.T) {
	k := newDoor(t, pn532.Options{}, newDevice(desfire, classic), plain)
	k.lay(0, 1)
	if r := <-k.reads; !r.Several || r.Credential != "" || r.Unsuitable {
		t.Errorf("Read = %+v, want several", r)
	}
	k.searched(5)
	k.lay(1) // for longer than it takes to take both away
	if r := <-k.reads; r.Several || r.Credential != keys[1] {
		t.Errorf("Read = %+v, want %s alone", r, keys[1])
	}
}

func TestARandomUIDNamesNobody(t *testing.T) {
	k := newDoor(t, pn532.Options{}, newDevice(random), plain)
	k.lay(0)
	if r := <-k.reads; !r.Unsuitable || r.Credential != "" || r.Several {
		t.Errorf("Read = %+v, want unsuitable", r)
	}
	k.searched(5)
	if c := k.status().Counts; c.Refused != 1 || c.Taps != 1 || c.Repeats == 0 {
		t.Errorf("Counts = %+v, want one tap, refused once, and its repetitions", c)
	}
}

func TestItSaysWhatItIs(t *testing.T) {
	k := newDoor(t, pn532.Options{}, newDevice(), plain)
	k.up()
	k.until(func() bool { return k.status().Made != "" })
	s := k.status()
	if want := "vendor NXP, model PN532, firmware 1.6"; s.Made != want || !s.Supervised {
		t.Errorf("Status = %+v, want supervised, made %q", s, want)
	}
	if want := "has no light: students see no answer; fit an OSDP reader where they need one"; s.Trouble != want {
		t.Errorf("Trouble = %q, want %q", s.Trouble, want)
	}
}

// A damaged response is asked for again: the search, which would not find the selected card again, is not repeated.
func TestADamagedResponseComesAgain(t *testing.T) {
	f := &flipper{flips: make(chan int, 8)}
	d := newDevice(desfire)
	k := newDoor(t, pn532.Options{}, d, f.wire)
	k.up()
	f.asked = d.Asked
	f.armed.Store(true)
	k.lay(0)
	before := <-f.flips
	r := <-k.reads
	if r.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", r, keys[0])
	}
	if c := k.status().Counts; c.Retries == 0 {
		t.Errorf("Counts.Retries = %d after search %d, want the retransmission", c.Retries, before)
	}
}

// flipper damages the next response that carries a card.
type flipper struct {
	armed atomic.Bool
	asked func() int
	flips chan int
}

func (f *flipper) wire(line io.ReadWriter) io.ReadWriter { return &flipWire{line, f} }

type flipWire struct {
	io.ReadWriter
	*flipper
}

func (w *flipWire) Write(octets []byte) (int, error) {
	if len(octets) < 15 || !w.armed.CompareAndSwap(true, false) {
		return w.ReadWriter.Write(octets)
	}
	bad := bytes.Clone(octets)
	bad[len(bad)-4] ^= 0x01
	w.flips <- w.asked()
	return w.ReadWriter.Write(bad)
}

func TestAModuleThatLostItsPowerIsWokenUp(t *testing.T) {
	n := &nap{}
	k := newDoor(t, pn532.Options{}, newDevice(classic), n.wire)
	k.up()
	n.on.Store(true)
	k.until(func() bool { return !k.status().Up })
	if got, want := k.status().Trouble, "stopped answering: check its power and its cable"; got != want {
		t.Errorf("Trouble = %q, want %q", got, want)
	}
	k.lay(0)
	if r := <-k.reads; r.Credential != keys[1] {
		t.Errorf("Read = %+v, want %s", r, keys[1])
	}
}

// nap makes the module sleep: it hears nothing until the wake-up comes.
type nap struct{ on atomic.Bool }

func (n *nap) wire(line io.ReadWriter) io.ReadWriter { return &napWire{line, n} }

type napWire struct {
	io.ReadWriter
	*nap
}

func (w *napWire) Read(octets []byte) (int, error) {
	for {
		n, err := w.ReadWriter.Read(octets)
		if at := bytes.Index(octets[:n], []byte{0x55, 0x55}); at >= 0 {
			w.on.Store(false)
		}
		if err != nil || !w.on.Load() {
			return n, err
		}
	}
}

func TestLights(t *testing.T) {
	d := newDevice(classic)
	d.wiring = wiring
	k := newDoor(t, pn532.Options{Lights: wired}, d, plain)
	k.up()
	changes(d.shown, 1) // off, with which it begins
	for _, tt := range []struct {
		ask   drivers.Signal
		shows []drivers.Signal // as the wiring names what shines
	}{
		{drivers.Ready, []drivers.Signal{drivers.Ready}},
		{drivers.Refused, []drivers.Signal{drivers.Refused, drivers.Ready}},
		{drivers.Several, []drivers.Signal{drivers.Refused, drivers.Off, drivers.Refused, drivers.Off, drivers.Ready}},
		{drivers.Fault, []drivers.Signal{drivers.Fault}},
		{drivers.Off, []drivers.Signal{drivers.Off}},
	} {
		drain(d.shown)
		k.bus.Show("door", tt.ask)
		if got := changes(d.shown, len(tt.shows)); !cmp.Equal(got, tt.shows) {
			t.Errorf("%v shows %v, want %v", tt.ask, got, tt.shows)
		}
	}
	beeps, sounding := 0, false
	for _, p := range d.written() {
		if on := p[0]&(1<<3) != 0; on != sounding {
			sounding = on
			beeps++
		}
	}
	if sounding || beeps != 2*5 {
		t.Errorf("the buzzer changed %d times, sounding %v; want 3 beeps for refused and 2 for several", beeps, sounding)
	}
}

func TestAModuleThatRefusesItsOutputsIsUpAndSaysSo(t *testing.T) {
	d := newDevice(classic)
	d.wiring, d.refuses[0x0E] = wiring, true
	k := newDoor(t, pn532.Options{Lights: wired}, d, plain)
	k.up()
	k.until(func() bool { return strings.HasPrefix(k.status().Trouble, "refuses light commands") })
	k.bus.Show("door", drivers.Accepted)
	k.until(func() bool { return k.status().Counts.Unshown > 0 })
	k.lay(0)
	if r := <-k.reads; r.Credential != keys[1] || !k.status().Up {
		t.Errorf("Read = %+v, Status = %+v; want %s from a reader that is up", r, k.status(), keys[1])
	}
}

// changes are the next n lights that differ from the one before.
func changes(shown <-chan drivers.Signal, n int) (seen []drivers.Signal) {
	for len(seen) < n {
		if s := <-shown; len(seen) == 0 || seen[len(seen)-1] != s {
			seen = append(seen, s)
		}
	}
	return seen
}

func drain(shown <-chan drivers.Signal) {
	for {
		select {
		case <-shown:
		default:
			return
		}
	}
}

func TestNewNamesEveryFault(t *testing.T) {
	_, err := pn532.New(pn532.Options{Name: "hall", Lights: pn532.Lights{Blue: pn532.P35}})
	if err == nil {
		t.Fatal("New accepts no line, no reader and half a light")
	}
	for _, want := range []string{`pn532 bus "hall"`, "no serial line", "no reader", "a light needs red and green"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want it to say %q", err, want)
		}
	}
}
