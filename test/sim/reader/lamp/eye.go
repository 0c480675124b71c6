package lamp

import "time"

// How long things take to be noticed by a person at a door. A host that switches a light itself says nothing of
// what it means by it: only time tells a flash from a light that is there to stay.
const (
	glance     = 80 * time.Millisecond   // shorter changes go unnoticed
	mixed      = 500 * time.Millisecond  // the same for mixed colours, which appear while one LED goes on before another goes off
	rest       = 700 * time.Millisecond  // a blinking light does not stay longer in one state
	passesOver = 2500 * time.Millisecond // what stays longer was not for the person
)

// Eye is a person who watches a lamp that a host switches on and off, and says what it showed. The light that was on
// before anything happened and comes back is the steady one; the colour in between has passed. The zero Eye has seen
// a dark lamp. It has no clock and no lock.
type Eye struct {
	steady  Colour
	phases  []phase // since all was quiet; the last one lasts
	decided bool    // the light that passes has been told
	watched bool    // somebody waits for a light
	judged  time.Time

	sightings []Sighting
}

// memory is how many changes of a lamp that never comes to rest are kept.
const memory = 64

// phase is a colour from some time on.
type phase struct {
	colour Colour
	from   time.Time
	stale  bool // was on already when the person began to look
}

// Sighting is a light somebody noticed.
type Sighting struct {
	At      time.Time // when it became visible, which may be a while before it could be named
	Light   Light
	Passing bool // else it is steady from now on
}

// See takes the colour the lamp shows from at on. Showing a colour again that is on already tells a person nothing,
// unless it was there before they looked.
func (e *Eye) See(at time.Time, c Colour) {
	e.judge(at)
	last := e.last()
	switch {
	case last.colour == c && last.stale:
		last.from, last.stale = at, false
	case last.colour != c:
		e.phases = append(e.phases, phase{colour: c, from: at})
	}
	if len(e.phases) > memory {
		e.phases = append(e.phases[:1], e.phases[3:]...)
	}
	e.judge(at)
}

// Renew lets somebody else look from at on, who waits for a light.
func (e *Eye) Renew(at time.Time) {
	e.judge(at)
	c := e.last().colour
	e.phases = []phase{{colour: c, from: at, stale: c != e.steady}}
	e.decided, e.watched = false, true
}

// Rest says that nobody waits for a light any more.
func (e *Eye) Rest() { e.watched = false }

// Dark forgets everything: the lamp has lost its power.
func (e *Eye) Dark() { *e = Eye{sightings: e.sightings, judged: e.judged} }

// Shows is the colour of the lamp now.
func (e *Eye) Shows() Colour { return e.last().colour }

// Light is what a glance at the lamp would call it.
func (e *Eye) Light() Light { return light(e.last().colour) }

// Steady is the light when nothing passes.
func (e *Eye) Steady() Light { return light(e.steady) }

// Next is when there will be more to say if the lamp stays as it is.
func (e *Eye) Next() (time.Time, bool) {
	last := e.last()
	if len(e.phases) == 1 && last.colour == e.steady {
		return time.Time{}, false
	}
	for _, d := range []time.Duration{glance, mixed, rest, passesOver} {
		if at := last.from.Add(d); at.After(e.judged) {
			return at, true
		}
	}
	return time.Time{}, false
}

// Sightings hands over what has been noticed by now, in order.
func (e *Eye) Sightings(now time.Time) []Sighting {
	e.judge(now)
	s := e.sightings
	e.sightings = nil
	return s
}

func (e *Eye) last() *phase {
	if len(e.phases) == 0 {
		e.phases = []phase{{colour: e.steady}}
	}
	return &e.phases[len(e.phases)-1]
}

// light is the plain name of a colour.
func light(c Colour) Light { return Pattern{On: 1, OnColour: c}.Seen(0) }
