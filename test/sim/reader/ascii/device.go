package ascii

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/solo"
)

// Device is one reader. It is not safe for concurrent use.
type Device struct {
	solo.Log
	options Options
	field   solo.Field
	due     time.Time     // next frame; zero when there is none to come
	every   time.Duration // between frames of what is in the field now
	turn    int           // which card is next, one by one

	heard  []byte
	broken int

	eye     lamp.Eye // on what stays until replaced
	flash   lamp.Light
	flashTo time.Time
}

// New makes a reader with nothing in its field and its light off.
func New(o Options) (*Device, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Dwell == 0 {
		o.Dwell = 400 * time.Millisecond
	}
	return &Device{options: o, field: solo.Field{Stay: o.Dwell}}, nil
}

// HasLight reports whether the host can switch a light.
func (d *Device) HasLight() bool {
	for _, f := range d.options.Feedback {
		if f.Light != lamp.None {
			return true
		}
	}
	return d.options.Talk != NoTalk
}

// Place brings cards into the field at now. Two tags at once disturb each other on most readers: then nothing is sent.
func (d *Device) Place(now time.Time, p solo.Placement) error {
	for _, c := range p.Cards {
		if !d.options.reads(c.Card) {
			return fmt.Errorf("place %v: %w", c.Card, ErrCard)
		}
	}
	d.TellLeft(now, d.field.Place(now, p))
	d.every = d.options.Repeat
	if p.Stuck && p.Every > 0 {
		d.every = p.Every
	}
	d.begin(now.Add(d.options.ReadsAfter))
	return nil
}

// begin lets the first frame of what is in the field go out at at, if it can be read and is still there.
func (d *Device) begin(at time.Time) {
	d.due, d.turn = time.Time{}, 0
	cards := len(d.field.Cards())
	if leaves, ok := d.field.Next(); ok && !at.Before(leaves) {
		return
	}
	if cards == 1 || cards > 1 && d.options.OneByOne {
		d.due = at
	}
}

// Lift takes the stuck cards away.
func (d *Device) Lift(now time.Time) {
	d.field.Lift(now)
	d.due = time.Time{}
}

// Watch says that a person looks at the light from at on.
func (d *Device) Watch(at time.Time) { d.eye.Renew(at) }

// Depart says that the person goes.
func (d *Device) Depart(now time.Time) {
	d.field.Depart(now)
	d.eye.Rest()
}

// Next is when the device will do something by itself: send a frame, see its cards leave, or know a light.
func (d *Device) Next() (time.Time, bool) {
	leaves, leaving := d.field.Next()
	at, ok := d.eye.Next()
	at, ok = solo.Soonest(at, ok, leaves, leaving)
	return solo.Soonest(at, ok, d.due, !d.due.IsZero())
}

// Tick does what is due at now. A card that was to be read is read, even when the caller is late and it has left.
func (d *Device) Tick(now time.Time) {
	if !d.due.IsZero() && !now.Before(d.due) {
		cards := d.field.Cards()
		c := cards[d.turn%len(cards)]
		d.turn++
		d.Send(solo.Frame{Octets: d.options.frame(c.Card), Cards: []uint64{c.Token}})
		d.due = d.following(now, len(cards))
	}
	if d.due.IsZero() || d.crowded() {
		d.expire(now)
	}
	d.TellSeen(d.eye.Sightings(now))
}

// crowded reports whether more than one card is in the field.
func (d *Device) crowded() bool { return len(d.field.Cards()) > 1 }

// expire takes out the cards that have left; one that stays is alone now and may be read.
func (d *Device) expire(now time.Time) {
	left := d.field.Expire(now)
	d.TellLeft(now, left)
	if len(left) > 0 {
		d.begin(now.Add(d.options.ReadsAfter))
	}
}

// following is when the next frame begins; frames that a slow caller has missed are not made up for.
func (d *Device) following(now time.Time, cards int) time.Time {
	every := d.every
	if every == 0 && d.turn < cards {
		every = d.options.ReadsAfter // each card once
	}
	if every == 0 {
		return time.Time{}
	}
	next := d.due.Add(every)
	if !next.After(now) {
		next = now.Add(every)
	}
	if leaves, ok := d.field.Next(); ok && !next.Before(leaves) {
		return time.Time{}
	}
	return next
}

// PowerCycle restarts the reader: dark, and what lies on it is read anew.
func (d *Device) PowerCycle(now time.Time) {
	d.Unsend()
	d.heard, d.flashTo = nil, time.Time{}
	d.eye.Dark()
	d.begin(now.Add(d.options.ReadsAfter))
}

// Broken is how many commands were not understood.
func (d *Device) Broken() int { return d.broken }

// Light is what the reader shows at now; None when it has no light.
func (d *Device) Light(now time.Time) lamp.Light {
	switch {
	case !d.HasLight():
		return lamp.None
	case now.Before(d.flashTo):
		return d.flash
	default:
		return d.eye.Light()
	}
}

// Steady is what the reader shows when nothing passes; None when it has no light.
func (d *Device) Steady() lamp.Light {
	if !d.HasLight() {
		return lamp.None
	}
	return d.eye.Steady()
}
