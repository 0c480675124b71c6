package register

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// place is one student's place in the register of one session, as the policy of its day sees it.
type place struct {
	*Session
	policy   *policy.Policy // nil when none holds
	moved    bool           // rooms changed on the day of the session (W-6)
	oldRooms []string       // rooms it was moved out of on that day
	oldUntil time.Time      // the last instant at which a tap at an old room counts
	OpensAt  time.Time      // the window in which a tap counts: a closed interval of milliseconds (W-1)
	ClosesAt time.Time

	tap     *Tap // credited
	chained bool // by way of the class before it
	remote  bool // the tap does not prove that somebody was in the room (W-4)

	unsure *Unsure // tap is this one
	doubt  *Unsure // a tap that may belong here, and would speak for the student
}

// places are those in the registers that the student is expected in (G-4), in the order of f.Sessions.
func places(f *Facts, policies policy.ByDay) []place {
	out := make([]place, 0, len(f.Sessions))
	for _, s := range f.Sessions {
		p := place{Session: s}
		p.policy = policies(calendar.DayOf(p.StartsAt))
		if !p.Cancelled && f.notExpected(&p) {
			continue
		}
		p.open()
		out = append(out, p)
	}
	return out
}

// notExpected reports whether the student is on leave or on placement, has left, or studies in a way that has no taps (E-10).
func (f *Facts) notExpected(p *place) bool {
	if p.policy != nil && p.policy.Rules.Delivery != nil && slices.Contains(p.policy.Rules.Delivery.WithoutTaps, f.Delivery) {
		return true
	}
	return slices.ContainsFunc(f.Away, func(a Away) bool { return a.covers(p.Session) })
}

func (a Away) covers(s *Session) bool {
	if a.Placement && s.Delivery == "online" {
		return false
	}
	return milli(a.Since) <= milli(s.StartsAt) && (a.Until.IsZero() || milli(s.StartsAt) <= milli(a.Until))
}

// open sets the windows by policy. A session without a policy is never open.
func (p *place) open() {
	if p.policy == nil {
		p.OpensAt, p.ClosesAt = p.EndsAt, p.StartsAt
		return
	}
	p.OpensAt, p.ClosesAt = p.policy.Window(p.StartsAt, p.EndsAt)
	p.moves()
}

// moves looks for changes of rooms after midnight of the session's own day; what became known before is the timetable
// like any other (W-6). A change that is recorded even later tells of the day, too.
func (p *place) moves() {
	p.oldUntil = p.ClosesAt
	if len(p.Moves) == 0 {
		return
	}
	midnight := calendar.DayOf(p.StartsAt).Starts()
	for _, m := range p.Moves {
		if m.At.Before(midnight) {
			continue
		}
		p.moved = true
		if !slices.Contains(p.Rooms, m.Room) && !slices.Contains(p.oldRooms, m.Room) {
			p.oldRooms = append(p.oldRooms, m.Room)
		}
	}
	if m := p.policy.Marking; m.RoomChange != policy.Exempt {
		p.oldUntil = earlier(p.StartsAt.Add(m.OldRoomFor.Std()), p.ClosesAt)
		if m.OldRoomFor == 0 {
			p.oldRooms = nil
		}
	}
}

// exempt reports whether nobody is held to a session that was moved on its day.
func (p *place) exempt() bool { return p.moved && p.policy.Marking.RoomChange == policy.Exempt }

// ends is the actual end: the tutor may have closed the class early (C-2).
func (p *place) ends() time.Time {
	if p.EndedAt.After(p.StartsAt) {
		return earlier(p.EndedAt, p.EndsAt)
	}
	return p.EndsAt
}

// accepts reports whether a tap of the student counts here: in the window, at one of the rooms (W-1, W-6).
func (p *place) accepts(t *Tap) bool {
	at := milli(t.At)
	if p.Cancelled || at < milli(p.OpensAt) || at > milli(p.ClosesAt) {
		return false
	}
	return slices.Contains(p.Rooms, t.Room) || p.atOldRoom(t) && at <= milli(p.oldUntil)
}

func (p *place) atOldRoom(t *Tap) bool { return slices.Contains(p.oldRooms, t.Room) }

// proves reports whether a tap tells that somebody was in the room, by the policy's list of what does (W-4).
func (p *place) proves(t *Tap) bool {
	if p.policy == nil || len(p.policy.Marking.InPerson) == 0 {
		return true
	}
	return slices.Contains(p.policy.Marking.InPerson, t.Evidence.String())
}

// continues reports whether p goes on where q ends: the same class with the same list, in a room of a tap (W-1).
func (p *place) continues(q *place, room string) bool {
	return p.policy != nil && p.policy.Marking.ChainClasses && !p.Cancelled && milli(p.StartsAt) == milli(q.EndsAt) &&
		p.Module == q.Module && p.Kind == q.Kind && p.List != "" && p.List == q.List && slices.Contains(p.Rooms, room)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
