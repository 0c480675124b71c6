package solo

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Log collects what a device has to say. Devices embed it. The zero Log is empty.
type Log struct {
	frames []Frame
	events []Event
}

// Send notes a frame.
func (l *Log) Send(f Frame) { l.frames = append(l.frames, f) }

// Unsend drops the frames not handed over yet.
func (l *Log) Unsend() { l.frames = nil }

// Tell notes an event.
func (l *Log) Tell(e Event) { l.events = append(l.events, e) }

// TellLeft notes that cards have left the field at now.
func (l *Log) TellLeft(now time.Time, cards []Card) {
	for _, c := range cards {
		l.Tell(Event{At: now, Kind: Left, Card: c.Token})
	}
}

// TellSeen notes what an eye made of a lamp.
func (l *Log) TellSeen(sightings []lamp.Sighting) {
	for _, s := range sightings {
		kind := Steadied
		if s.Passing {
			kind = Flashed
		}
		l.Tell(Event{At: s.At, Kind: kind, Light: s.Light})
	}
}

// Frames hands over the frames, in order.
func (l *Log) Frames() []Frame {
	f := l.frames
	l.frames = nil
	return f
}

// Events hands over the events, in order.
func (l *Log) Events() []Event {
	e := l.events
	l.events = nil
	return e
}
