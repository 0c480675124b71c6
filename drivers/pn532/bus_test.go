package pn532_test

import (
	"bytes"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/pn532"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// door is a driver with a device on a cable.
type door struct {
	*drivertest.Stand
	*device
}

// newDoor starts both; what is between them changes what the device writes.
func newDoor(t *testing.T, o pn532.Options, d *device, between func(io.ReadWriter) io.ReadWriter) *door {
	t.Helper()
	bus := func(line *serialport.Line) drivers.Bus {
		o.Line = line
		return newBus(t, o)
	}
	return &door{drivertest.NewStand(t, serialport.Options{Baud: 115200}, bus, func(line io.ReadWriter) { d.Serve(between(line)) }), d}
}

func plain(line io.ReadWriter) io.ReadWriter { return line }

// searched waits until the driver has looked so many times more.
func (k *door) searched(times int) {
	until := k.Asked() + times
	k.Until(func() bool { return k.Asked() >= until })
}

func TestTwoCardsAtOnceAreOneReadThatSaysSo(t *testing.T) {
	k := newDoor(t, pn532.Options{}, newDevice(desfire, classic), plain)
	k.lay(0, 1)
	if r := <-k.Reads; !r.Several || r.Credential != "" || r.Unsuitable {
		t.Errorf("Read = %+v, want several", r)
	}
	k.searched(5)
	k.lay(1) // for longer than it takes to take both away
	if r := <-k.Reads; r.Several || r.Credential != keys[1] {
		t.Errorf("Read = %+v, want %s alone", r, keys[1])
	}
}

func TestARandomUIDNamesNobody(t *testing.T) {
	k := newDoor(t, pn532.Options{}, newDevice(random), plain)
	k.lay(0)
	if r := <-k.Reads; !r.Unsuitable || r.Credential != "" || r.Several {
		t.Errorf("Read = %+v, want unsuitable", r)
	}
	k.searched(5)
	if c := k.Status().Counts; c.Refused != 1 || c.Taps != 1 || c.Repeats == 0 {
		t.Errorf("Counts = %+v, want one tap, refused once, and its repetitions", c)
	}
}

func TestItSaysWhatItIs(t *testing.T) {
	k := newDoor(t, pn532.Options{}, newDevice(), plain)
	k.Up()
	k.Until(func() bool { return k.Status().Made != "" })
	s := k.Status()
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
	k.Up()
	f.asked = d.Asked
	f.armed.Store(true)
	k.lay(0)
	before := <-f.flips
	r := <-k.Reads
	if r.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", r, keys[0])
	}
	if c := k.Status().Counts; c.Retries == 0 {
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
	k.Up()
	n.on.Store(true)
	k.Until(func() bool { return !k.Status().Up })
	if got, want := k.Status().Trouble, "stopped answering: check its power and its cable"; got != want {
		t.Errorf("Trouble = %q, want %q", got, want)
	}
	k.lay(0)
	if r := <-k.Reads; r.Credential != keys[1] {
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
	k.Up()
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
		k.Bus.Show("door", tt.ask)
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
	k.Up()
	k.Until(func() bool { return strings.HasPrefix(k.Status().Trouble, "refuses light commands") })
	k.Bus.Show("door", drivers.Accepted)
	k.Until(func() bool { return k.Status().Counts.Unshown > 0 })
	k.lay(0)
	if r := <-k.Reads; r.Credential != keys[1] || !k.Status().Up {
		t.Errorf("Read = %+v, Status = %+v; want %s from a reader that is up", r, k.Status(), keys[1])
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
