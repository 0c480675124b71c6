package osdp

import (
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

const (
	partingReply = 50 * time.Millisecond // a working reader answers in 3 ms
	partingWaste = 80 * time.Millisecond // beyond the time on the wire, for all readers together; the close takes 100 ms more
	partingWire  = 52                    // octets of a light command and its reply under the secure channel, and room
	partingSteps = 6                     // of one reader: what was in flight, a handshake if it must be, the light, and room
)

// part puts every light off, so that a gateway that has stopped never looks open. A card that nobody took any more
// gets the amber light. It gives up in time for a service manager that waits.
func (l *loop) part() error {
	<-l.courier.done
	for range len(l.courier.taken) {
		l.devices[<-l.courier.taken].release(l.now())
	}
	l.leaving = nil
	deadline := l.now().Add(partingWaste + l.line.Wire(partingWire*len(l.devices)))
	for _, d := range l.devices {
		d.farewell(l.now())
	}
	for range partingSteps {
		for _, d := range l.devices {
			left := deadline.Sub(l.now())
			if !d.parts() || left <= 0 {
				continue
			}
			if err := l.exchange(d, min(partingReply, left)); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts reports whether the device has a light to put off still.
func (d *device) parts() bool { return d.online && !d.dark && !d.health.faults.unlit }

// farewell makes the last light command the next thing that d sends. In plain, a command still in flight leaves the
// sequence unsure, and 0 is right for a reader in any state; under the secure channel 0 would end the session, so what is
// in flight comes first.
func (d *device) farewell(now time.Time) {
	if d.flight != nil && !d.keyed() {
		d.flight, d.sequence = nil, 0
	}
	d.flashes, d.wanted = nil, drivers.Off
	record := permanent(d.palette.steady(drivers.Off))
	if d.held {
		f := d.palette.momentary(drivers.NotKept)
		record = both(f.blink, f.tenths, d.palette.steady(drivers.Off))
	}
	d.parting = &command{id: cmdLED, data: record, shows: drivers.Off, askedAt: now, repaints: true, last: true}
}
