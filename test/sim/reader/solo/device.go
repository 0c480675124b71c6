package solo

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Device is one reader. It is not safe for concurrent use.
type Device interface {
	// HasLight reports whether the host can switch a light.
	HasLight() bool
	// Place brings cards into the field at now in place of those a person held there, or fails and changes nothing.
	Place(now time.Time, p Placement) error
	// Lift takes the stuck cards away at now.
	Lift(now time.Time)
	// Watch says that a person's card has been sent and that they look at the light from at on.
	Watch(at time.Time)
	// Depart says that the person goes at now.
	Depart(now time.Time)
	// Hear takes octets from the host, the last of which arrived at now.
	Hear(now time.Time, octets []byte)
	// Next is when the device will do something by itself; false when never.
	Next() (time.Time, bool)
	// Tick does what is due at now.
	Tick(now time.Time)
	// Frames hands over what is to be sent now, in order.
	Frames() []Frame
	// Events hands over what has happened since the last call, in order.
	Events() []Event
	// Broken is how many frames of the host were damaged or cut short.
	Broken() int
	// PowerCycle restarts the device at now; cards stay where they are.
	PowerCycle(now time.Time)
	// Light is what the lamp shows at now, Steady what it shows when nothing passes.
	Light(now time.Time) lamp.Light
	Steady() lamp.Light
}

// Placement is cards that come into the field together.
type Placement struct {
	Cards []Card
	Stuck bool          // they stay until Lift
	Every time.Duration // how often a reader that sends by itself sends a stuck card; 0 means as usual
}

// Card is a card with the token that names it; no token is 0.
type Card struct {
	Token uint64
	card.Card
}

// Frame is what a device sends.
type Frame struct {
	Octets []byte
	Answer bool     // to the host: the line's turnaround comes first
	Cards  []uint64 // tokens of the cards reported in it
}

// Kind is what happened to a device.
type Kind uint8

// The things worth telling.
const (
	Flashed  Kind = iota + 1 // a passing Light came on
	Steadied                 // the steady light is Light now
	Beeped                   // Count tones
	Left                     // Card is no longer in the field
)

// Event is one of them.
type Event struct {
	At    time.Time // when a person could notice
	Kind  Kind
	Light lamp.Light
	Card  uint64
	Count int
}
