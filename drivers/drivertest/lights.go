package drivertest

import (
	"testing"

	"github.com/rollcall-edge/rollcall/drivers"
)

// lights shows a steady one and the answer to a card; after an unplug the steady one comes back, after Run it is off.
func lights(t testing.TB, r Rig) {
	b := newBench(t, r, setting{})
	defer b.end()
	b.bus.Show(r.Reader, drivers.Ready) // must not wait for anything, light or not
	b.shows(drivers.Ready)
	b.device.Present(0)
	b.want(0)
	b.bus.Show(r.Reader, drivers.Accepted)
	b.shows(drivers.Accepted)

	b.pull()
	drain(b.device.Lights())
	b.plug()
	b.shows(drivers.Ready)

	drain(b.device.Lights())
	b.stop()
	b.shows(drivers.Off)
}

// lightsOfAnAbsence asks for lights while the line is away: the last steady one comes with the line, a momentary one
// was for somebody who has gone.
func lightsOfAnAbsence(t testing.TB, r Rig) {
	b := newBench(t, r, setting{})
	defer b.end()
	b.bus.Show(r.Reader, drivers.Ready)
	b.shows(drivers.Ready)
	b.pull()
	drain(b.device.Lights())
	b.bus.Show(r.Reader, drivers.Refused)
	b.bus.Show(r.Reader, drivers.Fault)
	if s := b.status().Steady; s != drivers.Fault {
		t.Errorf("Status.Steady = %v while unplugged, want %v", s, drivers.Fault)
	}
	b.plug()
	b.shows(drivers.Fault, drivers.Ready, drivers.Refused)
	b.device.Present(0)
	b.want(0)
	b.bus.Show(r.Reader, drivers.Accepted)
	b.shows(drivers.Accepted, drivers.Ready, drivers.Refused)
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
