package polled

import (
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// Colour is what a reader can be told to show. A driver whose reader has no blue shows what it has instead and says so
// in Options.Alike.
type Colour uint8

// The colours of DESIGN "What a light promises".
const (
	Dark Colour = iota
	Red
	Green
	Amber
	Blue
)

// step is a colour, and perhaps a beep that begins with it, for a while.
type step struct {
	colour Colour
	beep   time.Duration
	lasts  time.Duration
}

const (
	ms    = time.Millisecond
	short = 100 * ms // a beep
	long  = 400 * ms
)

// flashes is what each momentary signal looks and sounds like, within a second. Signals differ in sound and rhythm as
// well as colour, for people who tell colours badly and for readers that have few.
var flashes = map[drivers.Signal][]step{
	drivers.Accepted: {{Green, short, 1000 * ms}},
	drivers.Refused:  {{Red, short, 200 * ms}, {Red, short, 200 * ms}, {Red, short, 600 * ms}},
	drivers.Several:  {{Red, short, 250 * ms}, {Dark, 0, 250 * ms}, {Red, short, 250 * ms}, {Dark, 0, 250 * ms}},
	drivers.Stored:   {{Blue, short, 200 * ms}, {Dark, 0, 200 * ms}, {Blue, 0, 200 * ms}, {Dark, 0, 200 * ms}, {Blue, 0, 200 * ms}},
	drivers.NotKept:  {{Amber, long, 600 * ms}, {Dark, 0, 400 * ms}},
}

// steady is the light between taps; one that has more than one step begins again after the last. Fault blinks where it
// would look like Ready.
func steady(s drivers.Signal, alike bool) []step {
	switch {
	case s == drivers.Ready:
		return []step{{colour: Blue}}
	case s == drivers.Fault && alike:
		return []step{{Amber, 0, 600 * ms}, {Dark, 0, 400 * ms}}
	case s == drivers.Fault:
		return []step{{colour: Amber}}
	}
	return []step{{colour: Dark}}
}

// script is a signal on its way to the reader: what is to be done when.
type script struct {
	steps []step
	round bool // begins again after the last step
	place int
	dueAt time.Time // of the step at place
	hush  time.Time // when the beep that sounds is to end; zero for none
	ended bool
}

// newScript begins with the first step of s.
func newScript(s drivers.Signal, alike bool, now time.Time) *script {
	if s.Steady() {
		steps := steady(s, alike)
		return &script{steps: steps, round: len(steps) > 1, dueAt: now}
	}
	return &script{steps: flashes[s], dueAt: now}
}

// next tells when there is something to do; ok is false when nothing is left.
func (s *script) next() (at time.Time, ok bool) {
	switch {
	case !s.hush.IsZero() && (s.ended || s.hush.Before(s.dueAt)):
		return s.hush, true
	case s.ended:
		return time.Time{}, false
	}
	return s.dueAt, true
}

// over tells when the last step will have lasted, if none is late.
func (s *script) over() time.Time {
	at := s.dueAt
	if !s.ended {
		for _, left := range s.steps[s.place:] {
			at = at.Add(left.lasts)
		}
	}
	return at
}

// silences reports whether the next thing to do is to end a beep.
func (s *script) silences() bool {
	at, ok := s.next()
	return ok && at.Equal(s.hush)
}

// step is what is to be shown next.
func (s *script) step() step { return s.steps[s.place] }

// begun moves on: the step at place was shown at the given time.
func (s *script) begun(at time.Time) {
	now := s.step()
	if now.beep > 0 {
		s.hush = at.Add(now.beep)
	}
	s.dueAt = at.Add(now.lasts)
	s.place++
	if s.place == len(s.steps) {
		s.place, s.ended = 0, !s.round
	}
}

// hushed notes that the beep was ended.
func (s *script) hushed() { s.hush = time.Time{} }
