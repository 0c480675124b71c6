package drivertest

import (
	"io"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// Device is a reader seen from the wire: a script of the device's side of one protocol. It outlives the line.
type Device interface {
	// Serve plays the device on the line until reading or writing fails, then returns.
	Serve(line io.ReadWriter)
	// Present holds card number i of Rig.Cards to the reader for a moment, as often as the reader would report it.
	Present(i int)
	// Lights delivers each signal that the driver made the device show; nil when the device has no lights.
	Lights() <-chan drivers.Signal
}

// Polled is a Device that speaks when it is asked. A rig whose driver supervises its reader must bring one.
type Polled interface {
	Device
	// Stick leaves card number i on the reader: from now on every question for a card is answered with it, until
	// another card is left there.
	Stick(i int)
	// Asked tells how many questions for a card the device has heard, whether it had one or not.
	Asked() int
}

// Rig is what a driver brings to the suite.
type Rig struct {
	Baud       int
	Reader     string   // the reader's name in the driver
	Cards      []string // keys the driver reports, at least four different ones
	CardOctets int      // once the reader is up, a write of the device of so many octets or more may carry a card
	Bus        func(t testing.TB, line *serialport.Line) drivers.Bus
	Device     func(t testing.TB) Device

	Bare      bool // frames have no start of their own: noise right before one spoils it, and the card must come again
	Unchecked bool // frames have no check: a flipped bit may make another card of one

	Neighbour *Neighbour // nil where a line has one reader

	patience time.Duration // how long to wait for what must come; 0 is half a minute
}

// Neighbour is a second reader on the line of a Rig, with the same cards.
type Neighbour struct {
	Reader string
	Bus    func(t testing.TB, line *serialport.Line) drivers.Bus // with Rig.Reader first and this one second
	Device func(t testing.TB) Device                             // this one's; it hears all that is on the line
}

// check is one promise of package drivers.
type check struct {
	name string
	hold func(testing.TB, Rig)
}

var checks = []check{
	{"each card once and in order", eachOnce},
	{"frames in pieces", pieces},
	{"noise around frames", noise},
	{"a damaged frame is no card", damage},
	{"unplugged in a frame and back through the link", unplugged},
	{"wrong speed", wrongSpeed},
	{"a card that lies on the reader is one read", stuck},
	{"cards wait while nobody takes them", backPressure},
	{"lights come back and go out", lights},
	{"lights of an absence", lightsOfAnAbsence},
	{"status tells the truth", status},
	{"ends in time when idle", endsIdle},
	{"ends in time in a frame", endsInFrame},
	{"ends in time with a card that nobody takes", endsWithCard},
	{"ends in time with a card that lies on the reader", endsWithStuckCard},
	{"ends in time while unplugged", endsUnplugged},
	{"two readers on a line", neighbours},
	{"a silent neighbour", silentNeighbour},
}

// Run holds a driver to what package drivers promises.
func Run(t *testing.T, r Rig) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, r) })
	}
}

// run leaves no goroutine behind that was not there before.
func (c check) run(t testing.TB, r Rig) {
	ignore := goleak.IgnoreCurrent()
	c.hold(t, r)
	goleak.VerifyNone(t, ignore)
}
