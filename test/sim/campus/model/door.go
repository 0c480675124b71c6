package model

import "time"

// Answer is what a gateway with a good timetable says to a card, and therefore shows.
type Answer string

// The answers of W-1, W-2 and W-8. The first two are green, the others red.
const (
	Accepted     Answer = "accepted"
	Duplicate    Answer = "duplicate"
	NotListed    Answer = "not_listed"
	WindowClosed Answer = "window_closed"
	UnknownCard  Answer = "unknown_card"
)

// Green reports whether the light for the answer is green; otherwise it is red.
func (a Answer) Green() bool { return a == Accepted || a == Duplicate }

// Doors answers cards one after the other, as the gateways of a campus do together.
type Doors struct {
	inRoom map[string][]*Session
	taken  map[Key]bool
}

// NewDoors knows all sessions and has answered nobody yet.
func NewDoors(sessions []Session) *Doors {
	d := &Doors{inRoom: map[string][]*Session{}, taken: map[Key]bool{}}
	for i := range sessions {
		s := &sessions[i]
		d.inRoom[s.Room] = append(d.inRoom[s.Room], s)
	}
	return d
}

// Tap answers one card, and names the session it is credited to or would have been credited to.
func (d *Doors) Tap(t Tap) (Answer, string) {
	if t.Student == "" {
		return UnknownCard, ""
	}
	var open, listed []*Session
	for _, s := range d.inRoom[t.Room] {
		if !s.open(t.At) {
			continue
		}
		open = append(open, s)
		if expected(s, t.Student) {
			listed = append(listed, s)
		}
	}
	nobody := func(*Session) bool { return false }
	switch {
	case len(open) == 0:
		return WindowClosed, ""
	case len(listed) == 0:
		return NotListed, Choose(open, t.Room, t.At, nobody).ID
	}
	s := Choose(listed, t.Room, t.At, func(s *Session) bool { return d.taken[Key{t.Student, s.ID}] })
	if s == nil {
		return Duplicate, Choose(listed, t.Room, t.At, nobody).ID
	}
	d.taken[Key{t.Student, s.ID}] = true
	return Accepted, s.ID
}

// Green tells which light a card should get at some moment between from and to: both are possible when a register opens or
// closes in between.
func (d *Doors) Green(student, room string, from, to time.Time) (green, red bool) {
	for _, at := range []time.Time{from, to} {
		lit := false
		for _, s := range d.inRoom[room] {
			lit = lit || student != "" && s.open(at) && expected(s, student)
		}
		green, red = green || lit, red || !lit
	}
	return green, red
}

func expected(s *Session, student string) bool {
	for _, other := range s.Students {
		if other == student {
			return true
		}
	}
	return false
}
