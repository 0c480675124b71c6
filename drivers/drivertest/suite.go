package drivertest

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// endsWithin is how soon a driver must have put its lights off and returned; the best of several tries counts, so
// that a busy machine does not decide.
const (
	endsWithin = 250 * time.Millisecond
	endTries   = 5
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

// Rig is what a driver brings to the suite.
type Rig struct {
	Baud       int
	Reader     string   // the reader's name in the driver
	Cards      []string // keys the driver reports, at least four different ones
	CardOctets int      // a write of the device of so many octets or more carries a card
	Bus        func(t testing.TB, line *serialport.Line) drivers.Bus
	Device     func(t testing.TB) Device
}

// Run holds a driver to what package drivers promises.
func Run(t *testing.T, r Rig) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Rig)
	}{
		{"each card once and in order", eachOnce},
		{"one octet at a time", oneOctetAtATime},
		{"noise between frames", noiseBetweenFrames},
		{"unplugged in a frame and back through the link", unplugged},
		{"cards wait while nobody takes them", backPressure},
		{"lights come back and go out", lights},
		{"ends in time", endsInTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			ignore := goleak.IgnoreCurrent()
			c.test(t, r)
			goleak.VerifyNone(t, ignore)
		})
	}
}

// bench is one driver with its device on a cable.
type bench struct {
	Rig
	t      *testing.T
	cable  *Cable
	line   *serialport.Line
	bus    drivers.Bus
	device Device
	reads  chan drivers.Read
	cancel context.CancelFunc
	ended  chan error
	served sync.WaitGroup
}

// wire changes what the device writes on its way to the driver.
type wire func(io.ReadWriter) io.ReadWriter

func plain(line io.ReadWriter) io.ReadWriter { return line }

// newBench starts driver and device; end stops both.
func newBench(t *testing.T, r Rig, w wire) *bench {
	t.Helper()
	b := &bench{Rig: r, t: t, cable: NewCable(t), device: r.Device(t), reads: make(chan drivers.Read), ended: make(chan error, 1)}
	line, err := serialport.New(serialport.Options{Bus: "bench", Path: b.cable.Path, Baud: r.Baud})
	if err != nil {
		t.Fatal(err)
	}
	b.line, b.bus = line, r.Bus(t, line)
	b.serve(w)
	ctx, cancel := context.WithCancel(t.Context())
	b.cancel = cancel
	go func() { b.ended <- b.bus.Run(ctx, b.reads) }()
	b.awaitUp(true)
	return b
}

// awaitUp waits until the driver says that the reader is up, or down.
func (b *bench) awaitUp(up bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for b.bus.Status()[0].Up != up {
		<-tick.C
	}
}

// pull unplugs the cable and waits until both ends have noticed.
func (b *bench) pull() {
	b.cable.Unplug()
	b.served.Wait()
	b.awaitUp(false)
}

// plug connects the cable anew, through the same link.
func (b *bench) plug() {
	b.cable.Plug()
	b.serve(plain)
	b.awaitUp(true)
}

// serve connects the device to the cable as it is plugged now.
func (b *bench) serve(w wire) {
	end := w(b.cable.End())
	b.served.Add(1)
	go func() {
		defer b.served.Done()
		b.device.Serve(end)
	}()
}

// stop ends the driver and tells how long that took.
func (b *bench) stop() time.Duration {
	b.t.Helper()
	at := time.Now()
	b.cancel()
	if err := <-b.ended; err != nil {
		b.t.Errorf("Run = %v, want nil after its context ended", err)
	}
	return time.Since(at)
}

// end stops the driver and pulls the cable, which ends the device.
func (b *bench) end() {
	b.t.Helper()
	b.stop()
	b.cable.Unplug()
	b.served.Wait()
}

// want takes as many reads as cards are named and compares them in order.
func (b *bench) want(cards ...int) {
	b.t.Helper()
	var got, want []string
	for _, i := range cards {
		r := <-b.reads
		got, want = append(got, r.Credential), append(want, b.Cards[i])
		if r.Reader != b.Reader || r.HeardAt.IsZero() || r.Several {
			b.t.Errorf("Read = %+v, want reader %q, a time, one card", r, b.Reader)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		b.t.Fatalf("reads (-want +got):\n%s", d)
	}
}

func eachOnce(t *testing.T, r Rig) {
	b := newBench(t, r, plain)
	defer b.end()
	for _, i := range []int{0, 1, 2, 3} {
		b.device.Present(i)
		b.want(i)
	}
}

func oneOctetAtATime(t *testing.T, r Rig) {
	b := newBench(t, r, torn)
	defer b.end()
	for _, i := range []int{0, 1, 2} {
		b.device.Present(i)
		b.want(i)
	}
}

func noiseBetweenFrames(t *testing.T, r Rig) {
	b := newBench(t, r, noisy)
	defer b.end()
	for _, i := range []int{0, 1, 2, 3} {
		b.device.Present(i)
		b.want(i)
	}
}

// unplugged loses the line in the middle of a card: that card is not read, and the next one through the new line is.
func unplugged(t *testing.T, r Rig) {
	c := newCutter(r.CardOctets)
	b := newBench(t, r, c.wire)
	defer b.end()
	c.armed.Store(true)
	b.device.Present(0)
	<-c.cut
	b.pull()
	b.plug()
	b.device.Present(1)
	b.want(1)
	b.device.Present(2)
	b.want(2)
}

// backPressure presents cards while nobody takes any: all arrive in the end, in order.
func backPressure(t *testing.T, r Rig) {
	b := newBench(t, r, plain)
	defer b.end()
	for _, i := range []int{0, 1, 2, 3} {
		b.device.Present(i)
	}
	b.want(0, 1, 2, 3)
}

func lights(t *testing.T, r Rig) {
	b := newBench(t, r, plain)
	defer b.end()
	shown := b.device.Lights()
	if shown == nil {
		b.bus.Show(r.Reader, drivers.Ready) // must not wait for anything
		return
	}
	b.bus.Show(r.Reader, drivers.Ready)
	until(shown, drivers.Ready)
	b.device.Present(0)
	b.want(0)
	b.bus.Show(r.Reader, drivers.Accepted)
	until(shown, drivers.Accepted)

	b.pull()
	drain(shown)
	b.plug()
	until(shown, drivers.Ready)

	drain(shown)
	b.stop()
	b.ended <- nil // for end
	until(shown, drivers.Off)
}

// until waits for a light; the test's own time limit is the only one.
func until(shown <-chan drivers.Signal, want drivers.Signal) {
	for s := range shown {
		if s == want {
			return
		}
	}
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

func endsInTime(t *testing.T, r Rig) {
	best := time.Hour
	for range endTries {
		b := newBench(t, r, plain)
		b.device.Present(0)
		b.want(0)
		best = min(best, b.stop())
		b.ended <- nil // for end
		b.end()
	}
	if best > endsWithin {
		t.Errorf("Run returned %v after its context ended, want %v at most", best, endsWithin)
	}
}
