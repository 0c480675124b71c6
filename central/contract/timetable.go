package contract

import (
	"errors"
	"fmt"
	"time"
)

// Timetable is all that one building's gateway needs to judge taps while nobody answers: points, sessions and lists of
// credential digests. It holds no name, no student number and no policy: windows are already instants.
type Timetable struct {
	Version    uint64    `json:"version"`     // grows with every change at central, 1 at first
	Building   string    `json:"building"`    // whose it is
	MadeAt     time.Time `json:"made_at"`     // UTC
	ValidUntil time.Time `json:"valid_until"` // horizon: past it the gateway keeps taps unjudged
	Points     []Point   `json:"points"`
	Holders    []Holder  `json:"holders"` // lists refer to holders by their place here
	Lists      []List    `json:"lists"`   // sessions refer to lists by their place here
	Sessions   []Session `json:"sessions"`
}

// Point is where a reader hangs: the door of a room, say. A room may have several points.
type Point struct {
	ID   string `json:"id"`
	Room string `json:"room"`
}

// Holder is one person, known here only by the digests of their credentials.
type Holder struct {
	Digests []Digest `json:"digests"`
	Blocked []Digest `json:"blocked,omitempty"` // reported lost or withdrawn: red, BlockedCard
}

// List is a class list: places in Timetable.Holders, ascending.
type List struct {
	Holders []uint32 `json:"holders"`
}

// Session is one dated teaching event, with the window in which its register is open (closed interval, W-1).
type Session struct {
	ID        string    `json:"id"`
	Rooms     []string  `json:"rooms"`
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
	OpensAt   time.Time `json:"opens_at"`
	ClosesAt  time.Time `json:"closes_at"`
	Cancelled bool      `json:"cancelled,omitempty"`
	List      uint32    `json:"list"` // place in Timetable.Lists
}

// ErrTimetable is wrapped by every fault of a timetable.
var ErrTimetable = errors.New("timetable is not usable")

// Validate checks every reference and interval, so that an index can be built without looking twice.
func (t *Timetable) Validate() error {
	if t.Version == 0 {
		return fmt.Errorf("%w: version 0", ErrTimetable)
	}
	if err := CheckID("building", t.Building); err != nil {
		return fmt.Errorf("%w: %w", ErrTimetable, err)
	}
	for i, p := range t.Points {
		if err := errors.Join(CheckID("point", p.ID), CheckID("room", p.Room)); err != nil {
			return fmt.Errorf("%w: points[%d]: %w", ErrTimetable, i, err)
		}
	}
	for i, l := range t.Lists {
		if err := l.validate(len(t.Holders)); err != nil {
			return fmt.Errorf("%w: lists[%d]: %w", ErrTimetable, i, err)
		}
	}
	for i := range t.Sessions {
		if err := t.Sessions[i].validate(len(t.Lists)); err != nil {
			return fmt.Errorf("%w: sessions[%d]: %w", ErrTimetable, i, err)
		}
	}
	return nil
}

func (l List) validate(holders int) error {
	for i, h := range l.Holders {
		if int64(h) >= int64(holders) {
			return fmt.Errorf("holder %d of %d", h, holders)
		}
		if i > 0 && l.Holders[i-1] >= h {
			return fmt.Errorf("holders are not ascending at place %d", i)
		}
	}
	return nil
}

func (s *Session) validate(lists int) error {
	if err := CheckID("session", s.ID); err != nil {
		return err
	}
	for _, r := range s.Rooms {
		if err := CheckID("room", r); err != nil {
			return err
		}
	}
	if !s.StartsAt.Before(s.EndsAt) {
		return fmt.Errorf("session %s ends at %v, before or when it starts", s.ID, s.EndsAt)
	}
	if s.ClosesAt.Before(s.OpensAt) {
		return fmt.Errorf("session %s closes at %v, before it opens", s.ID, s.ClosesAt)
	}
	if int64(s.List) >= int64(lists) {
		return fmt.Errorf("session %s refers to list %d of %d", s.ID, s.List, lists)
	}
	return nil
}
