package pn532

import (
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// What a caller can do wrong.
var (
	ErrCard = errors.New("a PN532 reads only ISO 14443 cards")
	ErrPin  = errors.New("a lamp is on a pin that cannot be written")
)

// Pin is one of the chip's general-purpose pins.
type Pin uint8

// The pins that WriteGPIO sets.
const (
	P30 Pin = iota
	P31
	P32
	P33
	P34
	P35
	P71
	P72
	pins
)

// Options say what is wired to the chip and how it behaves. The zero value has no lamp.
type Options struct {
	Lamps     map[Pin]lamp.Colour // LEDs that shine while their pin is high
	ActiveLow bool                // they shine while it is low

	HaltOnRelease bool          // InRelease puts cards to sleep, as InDeselect does
	Dwell         time.Duration // how long a card stays; 0 means until its person has seen a light or goes, 400 ms without a lamp
	Instant       bool          // it looks for cards in no time
}

// RGB is a usual wiring: red, green and blue on P30, P31 and P35.
func RGB() Options {
	return Options{Lamps: map[Pin]lamp.Colour{P30: lamp.RedColour, P31: lamp.GreenColour, P35: lamp.BlueColour}}
}

// Device is one chip. It is not safe for concurrent use.
type Device struct {
	solo.Log
	options Options
	field   solo.Field
	scan    scanner

	asleep bool
	waking int  // octets to lose while the oscillator starts
	edges  int  // of the line while asleep
	awoken bool // SAMConfiguration was heard since power came on

	doing   *activity
	last    []byte // response, for NACK
	retries byte   // MxRtyPassiveActivation
	params  byte   // SetParameters

	targets  []solo.Card     // listed, Tg 1 first
	sleeping map[uint64]bool // cards that were put to sleep
	memory   map[uint16]byte // registers

	p3, p7 byte
	leds   lamp.Diodes
	eye    lamp.Eye
}

// activity is a command whose response is not ready.
type activity struct {
	until time.Time                     // it gives up; zero means never
	ready func(now time.Time) *response // looks again whenever a card comes; nil as long as there is nothing to say
	give  *response                     // what it says when it gives up
}

// response is what a command leads to. No octets mean an error frame.
type response struct {
	octets []byte
	cards  []uint64
}

// New makes a chip that has just been powered up.
func New(o Options) (*Device, error) {
	for p := range o.Lamps {
		if p >= pins {
			return nil, fmt.Errorf("lamp on pin %d: %w", p, ErrPin)
		}
	}
	if o.Dwell == 0 && len(o.Lamps) == 0 {
		o.Dwell = 400 * time.Millisecond
	}
	d := &Device{options: o, field: solo.Field{Stay: o.Dwell}}
	d.reset()
	return d, nil
}

func (d *Device) reset() {
	d.scan.buf = nil
	d.asleep, d.waking, d.edges, d.awoken = true, 0, 0, false
	d.doing, d.last = nil, nil
	d.retries, d.params = 0xFF, automaticRATS|automaticATRRES
	d.targets, d.sleeping, d.memory = nil, map[uint64]bool{}, map[uint16]byte{}
	d.p3, d.p7 = allP3, allP7
	d.leds = lamp.Diodes{}
	for p, c := range d.options.Lamps {
		d.leds.Fit(int(p), c)
	}
	d.eye.Dark()
}

// HasLight reports whether a lamp is wired to the chip.
func (d *Device) HasLight() bool { return len(d.options.Lamps) > 0 }

// Place brings cards into the field.
func (d *Device) Place(now time.Time, p solo.Placement) error {
	for _, c := range p.Cards {
		if c.Kind() != card.UID {
			return fmt.Errorf("place %v: %w", c.Card, ErrCard)
		}
	}
	d.leave(now, d.field.Place(now, p))
	return nil
}

// leave forgets cards that are no longer in the field.
func (d *Device) leave(now time.Time, left []solo.Card) {
	for _, c := range left {
		delete(d.sleeping, c.Token)
	}
	d.TellLeft(now, left)
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

// Hear takes octets from the host, the last of which arrived at now.
func (d *Device) Hear(now time.Time, octets []byte) {
	for _, b := range octets {
		if !d.awake(b) {
			continue
		}
		switch k, data := d.scan.feed(b); k {
		case command:
			d.begin(now, data)
		case ack:
			d.doing = nil
		case nack:
			d.again()
		case nothing:
		}
	}
}

// awake reports whether the chip hears an octet. Asleep, it counts the rising edges of the line; the fifth wakes it,
// and what follows at once is lost.
func (d *Device) awake(b byte) bool {
	if d.waking > 0 {
		d.waking--
		return false
	}
	if !d.asleep {
		return true
	}
	if d.edges += risingEdges(b); d.edges >= wakingEdges {
		d.asleep, d.edges, d.waking = false, 0, lostWaking
		d.scan.buf = nil
	}
	return false
}

// wakingEdges wake the chip (section 7.2.11); a single 55 has as many. lostWaking is how many octets pass while its
// oscillator starts, for which hosts send zeros.
const (
	wakingEdges = 5
	lostWaking  = 3
)

// risingEdges is how often the line goes up in an octet: start bit, bits from the lowest on, stop bit.
func risingEdges(b byte) int {
	line := uint16(b)<<1 | 1<<9
	return bits.OnesCount16(line &^ (line << 1))
}

// begin acknowledges a command and takes it up; one that is under way is given up.
func (d *Device) begin(now time.Time, data []byte) {
	d.doing = nil
	d.Send(solo.Frame{Octets: ackFrame, Answer: true})
	d.doing = d.run(now, data)
	d.proceed(now)
}

// again sends the last response once more.
func (d *Device) again() {
	if d.last != nil {
		d.Send(solo.Frame{Octets: d.last, Answer: true})
	}
}

// proceed responds as soon as there is something to say.
func (d *Device) proceed(now time.Time) {
	a := d.doing
	if a == nil {
		return
	}
	r := a.ready(now)
	if r == nil && !a.until.IsZero() && !now.Before(a.until) {
		r = a.give
	}
	if r == nil {
		return
	}
	d.doing = nil
	d.last = errorFrame
	if len(r.octets) > 0 {
		d.last = encode(r.octets)
	}
	d.Send(solo.Frame{Octets: d.last, Cards: r.cards})
	if r.octets != nil && r.octets[0] == powerDown+1 {
		d.asleep = true
	}
}

// Next is when the device will do something by itself.
func (d *Device) Next() (time.Time, bool) {
	at, ok := d.field.Next()
	seen, seeing := d.eye.Next()
	at, ok = solo.Soonest(at, ok, seen, seeing)
	if d.doing != nil {
		at, ok = solo.Soonest(at, ok, d.doing.until, !d.doing.until.IsZero())
	}
	return at, ok
}

// Tick does what is due at now.
func (d *Device) Tick(now time.Time) {
	d.leave(now, d.field.Expire(now))
	d.proceed(now)
	d.TellSeen(d.eye.Sightings(now))
}

// PowerCycle restarts the chip; cards that it had put to sleep lose their power too.
func (d *Device) PowerCycle(time.Time) {
	d.Unsend()
	d.reset()
}

// Broken is how many frames began and did not end.
func (d *Device) Broken() int { return d.scan.broken }

// Light is what the lamp shows; None without one.
func (d *Device) Light(time.Time) lamp.Light {
	if !d.HasLight() {
		return lamp.None
	}
	return d.eye.Light()
}

// Steady is what the lamp shows when nothing passes; None without one.
func (d *Device) Steady() lamp.Light {
	if !d.HasLight() {
		return lamp.None
	}
	return d.eye.Steady()
}
