package ascii

import (
	"bytes"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// longestText bounds what is kept of a host that sends no feedback known here.
const longestText = 256

// Device is one reader. It is not safe for concurrent use.
type Device struct {
	options Options

	cards  []card.Card // in the field
	leaves time.Time   // when they do
	due    time.Time   // next frame; zero when there is none to come

	heard   []byte
	steady  lamp.Light
	flash   lamp.Light
	flashTo time.Time
}

// New makes a reader with nothing in its field and its light off.
func New(o Options) (*Device, error) {
	if err := distinct(o.Feedback); err != nil {
		return nil, err
	}
	if o.Dwell == 0 {
		o.Dwell = 400 * time.Millisecond
	}
	return &Device{options: o, steady: lamp.Off}, nil
}

// HasLight reports whether the host can switch a light.
func (d *Device) HasLight() bool { return len(d.options.Feedback) > 0 }

// Place brings cards into the field at now, in place of what was there. Two tags at once disturb each other: then
// nothing is sent, as these readers have no way to tell tags apart.
func (d *Device) Place(now time.Time, cards ...card.Card) error {
	for _, c := range cards {
		if d.options.Only != 0 && c.Kind() != d.options.Only {
			return fmt.Errorf("place %v: %w", c, ErrCard)
		}
	}
	d.cards, d.leaves, d.due = cards, now.Add(d.options.Dwell), time.Time{}
	if len(cards) == 1 && d.options.ReadsAfter < d.options.Dwell {
		d.due = now.Add(d.options.ReadsAfter)
	}
	return nil
}

// Next is when the device will do something by itself: send a frame, or see its cards leave.
func (d *Device) Next() (time.Time, bool) {
	switch {
	case len(d.cards) == 0:
		return time.Time{}, false
	case d.due.IsZero():
		return d.leaves, true
	default:
		return d.due, true
	}
}

// Tick does what is due at now: it returns a frame to send, and whether the cards have left the field.
func (d *Device) Tick(now time.Time) (frame []byte, left bool) {
	if len(d.cards) == 0 {
		return nil, false
	}
	if !d.due.IsZero() && !now.Before(d.due) {
		frame = d.options.frame(d.cards[0])
		d.due = d.following(now)
	}
	if d.due.IsZero() && !now.Before(d.leaves) {
		d.cards = nil
		return frame, true
	}
	return frame, false
}

// following is when the next frame begins; frames that a slow caller has missed are not made up for.
func (d *Device) following(now time.Time) time.Time {
	if d.options.Repeat == 0 {
		return time.Time{}
	}
	next := d.due.Add(d.options.Repeat)
	if next.Before(now) {
		next = now.Add(d.options.Repeat)
	}
	if !next.Before(d.leaves) {
		return time.Time{}
	}
	return next
}

// Event is a light the host has switched on at At: for a while when Passing, else until replaced.
type Event struct {
	At      time.Time
	Light   lamp.Light
	Passing bool
}

// Hear takes octets from the host, the last of which arrived at now, and returns the lights they switch, in order.
func (d *Device) Hear(now time.Time, octets []byte) []Event {
	var events []Event
	for _, b := range octets {
		d.heard = append(d.heard, b)
		if f, ok := d.match(); ok {
			d.heard = d.heard[:0]
			events = append(events, d.show(now, f))
		}
	}
	if extra := len(d.heard) - longestText; extra > 0 {
		d.heard = append(d.heard[:0], d.heard[extra:]...)
	}
	return events
}

// match is the feedback that what was heard ends in.
func (d *Device) match() (Feedback, bool) {
	for _, f := range d.options.Feedback {
		if bytes.HasSuffix(d.heard, []byte(f.Text)) {
			return f, true
		}
	}
	return Feedback{}, false
}

func (d *Device) show(now time.Time, f Feedback) Event {
	if f.For == 0 {
		d.steady = f.Light
		return Event{At: now, Light: f.Light}
	}
	d.flash, d.flashTo = f.Light, now.Add(f.For)
	return Event{At: now, Light: f.Light, Passing: true}
}

// Light is what the reader shows at now; None when it has no light.
func (d *Device) Light(now time.Time) lamp.Light {
	if now.Before(d.flashTo) {
		return d.flash
	}
	return d.Steady()
}

// Steady is what the reader shows between flashes; None when it has no light.
func (d *Device) Steady() lamp.Light {
	if !d.HasLight() {
		return lamp.None
	}
	return d.steady
}
