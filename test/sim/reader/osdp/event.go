package osdp

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Kind is what happened to a device.
type Kind uint8

// The things worth telling.
const (
	Flashed   Kind = iota + 1 // the LED began to show a passing Light
	Steadied                  // the LED got a steady Light
	Beeped                    // Count tones
	Taken                     // the panel has Card: it went on to the next sequence
	Lost                      // Card was thrown away before the panel had it
	Restarted                 // the panel began at sequence 0
	Offline                   // the panel has been silent for eight seconds
	Secured                   // a secure channel is open
	Unsecured                 // it is over
	Keyed                     // the reader has a new key of its own, and is no longer in installation mode
)

// Event is one of them.
type Event struct {
	At    time.Time // when a person could notice; else when the frame arrived
	Kind  Kind
	Light lamp.Light
	Card  uint64
	Count int
}

func (p *PD) tell(e Event) { p.events = append(p.events, e) }

// Events hands over what has happened since the last call, in order.
func (p *PD) Events() []Event {
	e := p.events
	p.events = nil
	return e
}
