package twn4

import (
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// ErrCard says that a TWN4 cannot read such a card.
var ErrCard = errors.New("a TWN4 reads no printed codes")

// Options say what kind of TWN4 it is. The zero value is a MultiTech with a blue LED.
type Options struct {
	Version string        // of the firmware; "" means TWN4/B1.09/CCF3.22/PRS1.05
	Third   lamp.Colour   // of the third LED, which is blue or amber (yellow) by model; 0 means blue
	CRC     bool          // every line ends with a CRC-16 of what it says
	First   bool          // of several cards it finds the first again and again
	Search  time.Duration // how long it looks for cards; 0 means 30 ms
	Dwell   time.Duration // how long a card stays; 0 means until its person has seen a light or goes
	Instant bool          // it searches and beeps in no time
}

// Device is one TWN4. It is not safe for concurrent use.
type Device struct {
	solo.Log
	options Options
	field   solo.Field

	line    []byte // from the host, unfinished
	waiting []line // finished, not carried out yet
	free    time.Time
	answers []answer // ready, but the reader is busy until then
	broken  int

	poweredAt time.Time
	lf, hf    uint32 // tag types it looks for
	turn      int    // which card it finds next
	selected  card.Card

	ready   byte // LEDs that are initialised
	leds    lamp.Diodes
	blinked time.Time // how far the blinking of the LEDs has been followed
	diag    bool      // the LED on the board
	eye     lamp.Eye
}

// line is a command whose CR arrived at at.
type line struct {
	at   time.Time
	text string
}

// answer is a line to send at at.
type answer struct {
	at    time.Time
	frame solo.Frame
}

// leds are three: their bits in a mask.
const leds = 3

// New makes a TWN4 that has just been powered up.
func New(o Options) *Device {
	if o.Version == "" {
		o.Version = "TWN4/B1.09/CCF3.22/PRS1.05"
	}
	if o.Third == lamp.Black {
		o.Third = lamp.BlueColour
	}
	if o.Search == 0 {
		o.Search = 30 * time.Millisecond
	}
	d := &Device{options: o, field: solo.Field{Stay: o.Dwell}}
	d.reset(time.Time{})
	return d
}

// reset is what Reset and the return of power do.
func (d *Device) reset(now time.Time) {
	d.line, d.waiting, d.answers, d.free = nil, nil, nil, time.Time{}
	d.poweredAt = now
	d.lf, d.hf = allTags, allTags
	d.turn, d.selected = 0, card.Card{}
	d.ready, d.diag, d.leds = 0, false, lamp.Diodes{}
	for i, c := range [leds]lamp.Colour{lamp.RedColour, lamp.GreenColour, d.options.Third} {
		d.leds.Fit(i, c)
	}
	d.eye.Dark()
}

// HasLight reports that the host can switch lights.
func (d *Device) HasLight() bool { return true }

// Place brings cards into the field.
func (d *Device) Place(now time.Time, p solo.Placement) error {
	for _, c := range p.Cards {
		if c.Kind() == card.Code {
			return fmt.Errorf("place %v: %w", c.Card, ErrCard)
		}
	}
	d.TellLeft(now, d.field.Place(now, p))
	return nil
}

// Lift takes the stuck cards away.
func (d *Device) Lift(now time.Time) { d.field.Lift(now) }

// Watch says that a person looks at the light from at on.
func (d *Device) Watch(at time.Time) { d.eye.Renew(at) }

// Depart says that the person goes.
func (d *Device) Depart(now time.Time) {
	d.field.Depart(now)
	d.eye.Rest()
}

// Next is when the device will do something by itself.
func (d *Device) Next() (time.Time, bool) {
	at, ok := d.field.Next()
	seen, seeing := d.eye.Next()
	at, ok = solo.Soonest(at, ok, seen, seeing)
	blink, blinking := d.leds.Next(d.blinked)
	at, ok = solo.Soonest(at, ok, blink, blinking)
	if len(d.answers) > 0 {
		at, ok = solo.Soonest(at, ok, d.answers[0].at, true)
	}
	return solo.Soonest(at, ok, d.free, len(d.waiting) > 0)
}

// Tick does what is due at now.
func (d *Device) Tick(now time.Time) {
	d.TellLeft(now, d.field.Expire(now))
	for len(d.waiting) > 0 && !now.Before(d.free) {
		l := d.waiting[0]
		d.waiting = d.waiting[1:]
		d.carryOut(later(l.at, d.free), l.text)
	}
	for len(d.answers) > 0 && !now.Before(d.answers[0].at) {
		d.Send(d.answers[0].frame)
		d.answers = d.answers[1:]
	}
	d.follow(now)
	d.TellSeen(d.eye.Sightings(now))
}

// follow lets the eye see every change of blinking LEDs up to now.
func (d *Device) follow(now time.Time) {
	for {
		at, ok := d.leds.Next(d.blinked)
		if !ok || at.After(now) {
			break
		}
		d.blinked = at
		d.eye.See(at, d.leds.Colour(at))
	}
	if now.After(d.blinked) {
		d.blinked = now
	}
}

// PowerCycle restarts the device.
func (d *Device) PowerCycle(now time.Time) {
	d.Unsend()
	d.reset(now)
}

// Broken is how many lines were no command.
func (d *Device) Broken() int { return d.broken }

// Light is what the LEDs show at now.
func (d *Device) Light(time.Time) lamp.Light { return d.eye.Light() }

// Steady is what the LEDs show when nothing passes.
func (d *Device) Steady() lamp.Light { return d.eye.Steady() }

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
