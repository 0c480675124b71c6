package twn4_test

import (
	"bytes"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/twn4"
)

// desk is a driver with a device on a cable.
type desk struct {
	*drivertest.Stand
	*device
}

// newDesk starts both; what is between them changes what the device writes.
func newDesk(t *testing.T, o twn4.Options, d *device, between func(io.ReadWriter) io.ReadWriter) *desk {
	t.Helper()
	bus := func(line *serialport.Line) drivers.Bus {
		o.Line = line
		return newBus(t, o)
	}
	return &desk{drivertest.NewStand(t, serialport.Options{Baud: 9600, Now: o.Now}, bus, func(line io.ReadWriter) { d.Serve(between(line)) }), d}
}

func plain(line io.ReadWriter) io.ReadWriter { return line }

// searched waits until the driver has looked so many times more.
func (k *desk) searched(times int) {
	until := k.Asked() + times
	k.Until(func() bool { return k.Asked() >= until })
}

// The program stands still while the answer to a search is on its way: the card in it is the one that was there before.
func TestAnAnswerThatWaitedMakesNoSecondTap(t *testing.T) {
	s := &standstill{}
	k := newDesk(t, twn4.Options{Now: s.now}, newDevice(classic), s.wire)
	k.lay(0)
	if r := <-k.Reads; r.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", r, keys[0])
	}
	k.searched(2)
	s.due.Store(true)
	k.Until(func() bool { return !s.due.Load() })
	repeats := k.Status().Counts.Repeats
	k.Until(func() bool { c := k.Status().Counts; return c.Repeats > repeats || c.Taps > 1 })
	if c := k.Status().Counts; c.Taps != 1 || c.Failures != 0 {
		t.Errorf("Counts = %+v, want one tap and no failure", c)
	}
}

// standstill is a clock that leaps by 8 s while the next answer with a card is on the wire, as it does for a stopped program.
type standstill struct {
	due  atomic.Bool
	lost atomic.Int64 // nanoseconds
}

func (s *standstill) now() time.Time { return time.Now().Add(time.Duration(s.lost.Load())) }

func (s *standstill) wire(line io.ReadWriter) io.ReadWriter { return &lateWire{line, s} }

type lateWire struct {
	io.ReadWriter
	*standstill
}

func (w *lateWire) Write(octets []byte) (int, error) {
	if strings.Contains(string(octets), classic) && w.due.CompareAndSwap(true, false) {
		w.lost.Add(int64(8 * time.Second))
	}
	return w.ReadWriter.Write(octets)
}

func TestTwoCardsAtOnceAreOneReadThatSaysSo(t *testing.T) {
	k := newDesk(t, twn4.Options{}, newDevice(classic, desfire), plain)
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

func TestACardThatJoinsAnotherMakesTwo(t *testing.T) {
	k := newDesk(t, twn4.Options{}, newDevice(classic, desfire), plain)
	k.lay(0)
	if r := <-k.Reads; r.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", r, keys[0])
	}
	k.lay(1, 0)
	if r := <-k.Reads; !r.Several {
		t.Errorf("Read = %+v, want several", r)
	}
}

func TestARandomUIDNamesNobody(t *testing.T) {
	k := newDesk(t, twn4.Options{}, newDevice(random, classic), plain)
	k.lay(0)
	if r := <-k.Reads; !r.Unsuitable || r.Credential != "" || r.Several {
		t.Errorf("Read = %+v, want unsuitable", r)
	}
	k.searched(5)
	if c := k.Status().Counts; c.Refused != 1 || c.Taps != 1 || c.Repeats == 0 {
		t.Errorf("Counts = %+v, want one tap, refused once, and its repetitions", c)
	}
}

func TestACardOfAnotherKindIsCounted(t *testing.T) {
	k := newDesk(t, twn4.Options{}, newDevice(book, classic), plain)
	k.lay(0)
	k.Until(func() bool { return k.Status().Counts.Refused > 0 })
	k.lay(1)
	if r := <-k.Reads; r.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", r, keys[0])
	}
}

// Without a CRC a flipped bit can make another digit of one. A card is believed when two replies agree.
func TestAFlippedBitIsNoOtherCard(t *testing.T) {
	for _, tt := range []struct {
		name string
		card string
		want string
		old  bool
	}{
		{"of a type A card", classic, keys[0], false},
		{"of a type A card, old firmware", classic, keys[0], true},
		{"of a 125 kHz card", em, keys[2], false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &flipper{flips: make(chan struct{}, 8)}
			d := newDevice(tt.card)
			d.old = tt.old
			k := newDesk(t, twn4.Options{}, d, f.wire)
			k.Up()
			f.armed.Store(true)
			k.lay(0)
			<-f.flips
			if r := <-k.Reads; r.Credential != tt.want {
				t.Errorf("Read = %+v, want %s", r, tt.want)
			}
		})
	}
}

// flipper makes another digit of the last one of the next reply that carries a card.
type flipper struct {
	armed atomic.Bool
	flips chan struct{}
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
	bad[len(bad)-2] ^= 0x01
	w.flips <- struct{}{}
	return w.ReadWriter.Write(bad)
}

// An adapter that gives back what it was told to send must not make a refusal of it: a light command begins with 04, which is a
// status of its own.
func TestAnEchoIsNoReply(t *testing.T) {
	k := newDesk(t, twn4.Options{}, newDevice(classic), func(line io.ReadWriter) io.ReadWriter { return &echo{line} })
	k.Up()
	k.lay(0)
	if r := <-k.Reads; r.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", r, keys[0])
	}
	if s := k.Status(); s.Trouble != "" || s.Counts.Failures > 0 {
		t.Errorf("Status = %+v, want no trouble and no failures", s)
	}
}

// echo gives back what it hears before the reader does.
type echo struct{ io.ReadWriter }

func (e *echo) Read(octets []byte) (int, error) {
	n, err := e.ReadWriter.Read(octets)
	if err != nil {
		return n, err
	}
	return e.ReadWriter.Write(octets[:n])
}

func TestItSaysWhatItIsAndSearchesForTheConfiguredCards(t *testing.T) {
	k := newDesk(t, twn4.Options{Tags: []twn4.Tag{twn4.MIFARE}}, newDevice(classic), plain)
	k.Up()
	k.Until(func() bool { return k.Status().Made != "" })
	if got, want := k.Status().Made, "vendor Elatec, model TWN4, firmware B1.03/CCF1.57/PRS1.03/PI"; got != want {
		t.Errorf("Made = %q, want %q", got, want)
	}
	if got, want := k.setTypes(), "0000000001000000"; got != want { // annex A.1
		t.Errorf("types = %s, want %s", got, want)
	}
	if s := k.Status(); !s.Supervised || s.Trouble != "" {
		t.Errorf("Status = %+v, want supervised, without trouble", s)
	}
}

func TestAReaderThatFallsSilentIsLostAndFoundAgain(t *testing.T) {
	m := &mute{}
	k := newDesk(t, twn4.Options{}, newDevice(classic), m.wire)
	k.Up()
	m.on.Store(true)
	k.Until(func() bool { return !k.Status().Up })
	if got, want := k.Status().Trouble, "stopped answering: check its power and its cable"; got != want {
		t.Errorf("Trouble = %q, want %q", got, want)
	}
	if !k.Bus.Line().Up {
		t.Error("the line is closed; only its reader is silent")
	}
	m.on.Store(false)
	k.Up()
	k.lay(0)
	if r := <-k.Reads; r.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", r, keys[0])
	}
}

// A reader on a wire of its own can lose its power without a word: it is set up again and lit again.
func TestAReaderThatRestartedIsLitAgain(t *testing.T) {
	d := newDevice(classic)
	k := newDesk(t, twn4.Options{Blue: true}, d, plain)
	k.Up()
	k.Bus.Show("desk", drivers.Ready)
	changes(d.shown, 2)
	d.restart()
	if got := changes(d.shown, 2); got[1] != drivers.Ready {
		t.Errorf("after its restart it shows %v, want ready in the end", got)
	}
	k.Up()
}

// mute is a reader that hears and says nothing.
type mute struct{ on atomic.Bool }

func (m *mute) wire(line io.ReadWriter) io.ReadWriter { return &muteWire{line, m} }

type muteWire struct {
	io.ReadWriter
	*mute
}

func (w *muteWire) Write(octets []byte) (int, error) {
	if w.on.Load() {
		return len(octets), nil
	}
	return w.ReadWriter.Write(octets)
}

func TestLights(t *testing.T) {
	d := newDevice(classic)
	k := newDesk(t, twn4.Options{Blue: true}, d, plain)
	k.Up()
	for _, tt := range []struct {
		ask   drivers.Signal
		shows []drivers.Signal // as the device names what shines; one colour goes off before another goes on
	}{
		{drivers.Ready, []drivers.Signal{drivers.Off, drivers.Ready}},
		{drivers.Refused, []drivers.Signal{drivers.Off, drivers.Refused, drivers.Off, drivers.Ready}},
		{drivers.Several, []drivers.Signal{drivers.Off, drivers.Refused, drivers.Off, drivers.Refused, drivers.Off, drivers.Ready}},
		{drivers.Fault, []drivers.Signal{drivers.Off, drivers.Fault}},
		{drivers.Off, []drivers.Signal{drivers.Off}},
	} {
		drain(d.shown)
		k.Bus.Show("desk", tt.ask)
		if got := changes(d.shown, len(tt.shows)); !cmp.Equal(got, tt.shows) {
			t.Errorf("%v shows %v, want %v", tt.ask, got, tt.shows)
		}
	}
	if got := d.beeped(); got != 5 {
		t.Errorf("%d beeps, want 3 for refused and 2 for several", got)
	}
}

// A register that closes while its last card is answered does not take the answer away.
func TestASteadyLightWaitsForTheFlash(t *testing.T) {
	d := newDevice(classic)
	k := newDesk(t, twn4.Options{Blue: true}, d, plain)
	k.Up()
	k.Bus.Show("desk", drivers.Ready)
	changes(d.shown, 2)
	at := time.Now() // before the light, so that a busy machine can only make it longer
	k.Bus.Show("desk", drivers.Accepted)
	for s := range d.shown {
		if s == drivers.Accepted {
			break
		}
	}
	k.Bus.Show("desk", drivers.Off)
	for s := range d.shown {
		if s == drivers.Off {
			break
		}
	}
	if lasted := time.Since(at); lasted < 900*time.Millisecond {
		t.Errorf("green lasted %v, want a second", lasted)
	}
}

// A reader whose third light is yellow shows Ready with it, and a fault blinks.
func TestYellowLight(t *testing.T) {
	d := newDevice(classic)
	k := newDesk(t, twn4.Options{}, d, plain)
	k.Up()
	k.Bus.Show("desk", drivers.Fault)
	for s := range d.shown {
		if s == drivers.Fault {
			break
		}
	}
	want := []drivers.Signal{drivers.Off, drivers.Fault, drivers.Off, drivers.Fault}
	if got := changes(d.shown, len(want)); !cmp.Equal(got, want) {
		t.Errorf("a fault shows %v, want %v", got, want)
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
	_, err := twn4.New(twn4.Options{Name: "hall", Tags: []twn4.Tag{0x82}})
	if err == nil {
		t.Fatal("New accepts no line, no reader and a kind of card that is not read")
	}
	for _, want := range []string{`twn4 bus "hall"`, "no serial line", "no reader", "82 are not read here"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v, want it to say %q", err, want)
		}
	}
}

func TestTagNames(t *testing.T) {
	for name, want := range map[string]twn4.Tag{"mifare": twn4.MIFARE, "em4102": twn4.EM4102, "hidprox": twn4.HIDProx} {
		if got, ok := twn4.ParseTag(name); got != want || !ok {
			t.Errorf("ParseTag(%q) = %02X, %v; want %02X", name, got, ok, want)
		}
	}
	if _, ok := twn4.ParseTag("legic"); ok {
		t.Error("ParseTag accepts legic")
	}
}
