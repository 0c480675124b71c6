package osdp

import (
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

const (
	partingReply = 60 * time.Millisecond  // a working reader answers in 3 ms
	partingWaste = 150 * time.Millisecond // beyond the time on the wire, for all readers together
	partingWire  = 40                     // octets of a light command and its reply, and room
)

// part puts every light off, so that a gateway that has stopped never looks open. A card that nobody took any more
// gets the amber light. It gives up in time for a service manager that waits.
func (l *loop) part() error {
	<-l.courier.done
	for range len(l.courier.taken) {
		l.devices[<-l.courier.taken].held = false
	}
	l.leaving = nil
	deadline := l.now().Add(partingWaste + l.line.Wire(partingWire*len(l.devices)))
	for range 2 {
		for _, d := range l.devices {
			if !d.lit() || d.dark || l.now().After(deadline) {
				continue
			}
			d.farewell(l.now())
			if err := l.exchange(d, partingReply); err != nil {
				return err
			}
		}
	}
	return nil
}

// farewell makes the last light command the next thing that d sends. A command still in flight leaves the sequence
// unsure; 0 is right for a reader in any state.
func (d *device) farewell(now time.Time) {
	if d.flight != nil {
		d.flight, d.sequence = nil, 0
	}
	d.flashes, d.wanted = nil, drivers.Off
	record := permanent(d.palette.steady(drivers.Off))
	if d.held {
		f := d.palette.momentary(drivers.NotKept)
		record = both(f.blink, f.tenths, d.palette.steady(drivers.Off))
	}
	d.parting = &command{id: cmdLED, data: record, shows: drivers.Off, askedAt: now, repaints: true}
}
