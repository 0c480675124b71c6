package drivertest

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// watchFor is how long a driver is watched for what it must not do.
const watchFor = 300 * time.Millisecond

// bench is one driver with its device on a cable.
type bench struct {
	Rig
	t      testing.TB
	cable  *Cable
	rate   *rate // at which the device runs
	bus    drivers.Bus
	device Device
	reads  chan drivers.Read // without room: a Read that nobody takes waits in the driver
	cancel context.CancelFunc
	ended  chan error
	over   bool // Run has returned, or never will
	served sync.WaitGroup
}

// setting is how a bench differs from the plain one.
type setting struct {
	wire wire // nil for a good one
	baud int  // at which the device runs, where it is not the line's; the driver is not waited for then
}

// newBench starts driver and device; end stops both.
func newBench(t testing.TB, r Rig, s setting) *bench {
	t.Helper()
	if r.patience == 0 {
		r.patience = 30 * time.Second
	}
	b := &bench{Rig: r, t: t, cable: NewCable(t), device: r.Device(t), reads: make(chan drivers.Read), ended: make(chan error, 1)}
	line, err := serialport.New(serialport.Options{Bus: "bench", Path: b.cable.Path, Baud: r.Baud})
	if err != nil {
		t.Fatal(err)
	}
	b.rate = newRate(r.Baud)
	if s.baud != 0 {
		b.rate.set(s.baud)
	}
	b.bus = r.Bus(t, line)
	b.serve(s.wire)
	ctx, cancel := context.WithCancel(t.Context())
	b.cancel = cancel
	go func() { b.ended <- b.bus.Run(ctx, b.reads) }()
	if s.baud == 0 {
		b.awaitUp()
	}
	return b
}

func (b *bench) awaitUp() {
	b.t.Helper()
	b.until("the reader is up", func() bool { return b.status().Up })
}

// status is that of the rig's reader.
func (b *bench) status() drivers.Status { return b.bus.Status()[0] }

// polled is the device where the reader is asked, else nil.
func (b *bench) polled() Polled {
	b.t.Helper()
	if !b.status().Supervised {
		return nil
	}
	p, ok := b.device.(Polled)
	if !ok {
		b.t.Fatalf("the device of a supervised reader must be a drivertest.Polled, and %T is none", b.device)
	}
	return p
}

// until looks at a state until it is as it should be.
func (b *bench) until(what string, holds func() bool) {
	b.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	late := time.After(b.patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			b.unseen(what)
		}
	}
}

// seen waits for an event.
func (b *bench) seen(what string, event <-chan struct{}) {
	b.t.Helper()
	select {
	case <-event:
	case <-time.After(b.patience):
		b.unseen(what)
	}
}

func (b *bench) unseen(what string) {
	b.t.Helper()
	b.t.Fatalf("not seen: %s\nreaders %+v\nline %+v", what, b.bus.Status(), b.bus.Line())
}

// pull unplugs the cable and waits until both ends have noticed.
func (b *bench) pull() {
	b.t.Helper()
	b.cable.Unplug()
	b.served.Wait()
	b.until("the reader is down after the unplug", func() bool { return !b.status().Up })
}

// plug connects the cable anew, through the same link.
func (b *bench) plug() {
	b.t.Helper()
	b.cable.Plug()
	b.serve(nil)
	b.awaitUp()
}

// serve connects the device to the cable as it is plugged now.
func (b *bench) serve(w wire) {
	end := b.rate.wire(b.cable)
	var line io.ReadWriter = end
	if w != nil {
		line = w(end)
	}
	b.served.Go(func() { b.device.Serve(line) })
}

// stop ends the driver and tells how long that took.
func (b *bench) stop() time.Duration {
	b.t.Helper()
	if b.over {
		return 0
	}
	at := time.Now()
	b.cancel()
	b.over = true
	select {
	case err := <-b.ended:
		if err != nil {
			b.t.Errorf("Run = %v, want nil after its context ended", err)
		}
	case <-time.After(b.patience):
		b.t.Fatal("Run goes on after its context ended")
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

// take waits for one read.
func (b *bench) take() (r drivers.Read) {
	b.t.Helper()
	select {
	case r = <-b.reads:
	case <-time.After(b.patience):
		b.unseen("a card is read")
	}
	return r
}

// takeUntil takes what is read until an event.
func (b *bench) takeUntil(what string, event <-chan struct{}) (reads []drivers.Read) {
	b.t.Helper()
	late := time.After(b.patience)
	for {
		select {
		case <-event:
			return reads
		case r := <-b.reads:
			reads = append(reads, r)
		case <-late:
			b.unseen(what)
		}
	}
}

// takeFor takes what is read in the meantime.
func (b *bench) takeFor(d time.Duration) (reads []drivers.Read) {
	late := time.After(d)
	for {
		select {
		case r := <-b.reads:
			reads = append(reads, r)
		case <-late:
			return reads
		}
	}
}

// want takes as many reads as cards are named and compares them in order.
func (b *bench) want(cards ...int) (last drivers.Read) {
	b.t.Helper()
	var got, want []string
	for _, i := range cards {
		last = b.take()
		got, want = append(got, last.Credential), append(want, b.Cards[i])
		if last.Reader != b.Reader || last.HeardAt.IsZero() || last.Several || last.Unsuitable {
			b.t.Errorf("Read = %+v, want reader %q, a time, one card", last, b.Reader)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		b.t.Fatalf("reads (-want +got):\n%s", d)
	}
	return last
}

// nothing watches for a read that must not come.
func (b *bench) nothing(watch time.Duration) {
	b.t.Helper()
	for _, r := range b.takeFor(watch) {
		b.t.Errorf("Read = %+v, want no more", r)
	}
}

// shows waits for a light of the rig's device, if that has lights; never names what it must not show until then.
func (b *bench) shows(want drivers.Signal, never ...drivers.Signal) {
	b.t.Helper()
	if b.device.Lights() != nil {
		b.shown(b.device, want, never...)
	}
}

func (b *bench) shown(d Device, want drivers.Signal, never ...drivers.Signal) {
	b.t.Helper()
	late := time.After(b.patience)
	for {
		select {
		case s := <-d.Lights():
			if s == want {
				return
			}
			for _, n := range never {
				if s == n {
					b.t.Errorf("the device shows %v, before %v", s, want)
				}
			}
		case <-late:
			b.unseen("the device shows " + want.String())
		}
	}
}
