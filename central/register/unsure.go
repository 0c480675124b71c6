package register

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// weigh takes in the taps of which nobody knows quite when they were made. One that lies within a single register, and gives
// the same mark wherever in its time it was, is credited as any. Every other neither makes a mark nor denies one: where it
// may belong, silence is no absence and a late arrival may have been an early one, until somebody has looked (doubted).
// Taps at exits are left out, since they speak against the student alone.
func (b *bench) weigh(taps []Unsure) {
	ordered := slices.Clone(taps)
	slices.SortFunc(ordered, func(x, y Unsure) int {
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID.String(), y.ID.String()))
	})
	for i := range ordered {
		u := &ordered[i]
		if u.Exit {
			continue
		}
		may := b.mayBelong(u)
		if len(may) == 1 && b.settled(may[0], u) {
			p := may[0]
			p.tap, p.unsure, p.remote = &u.Tap, u, !p.proves(&u.Tap)
			chain(b.places, p)
			continue
		}
		for _, p := range may {
			if p.doubt == nil || u.Earliest.Before(p.doubt.Earliest) {
				p.doubt = u
			}
		}
	}
}

// mayBelong are the places at whose door and in whose window the tap may have been.
func (b *bench) mayBelong(u *Unsure) (may []*place) {
	for i := range b.places {
		p := &b.places[i]
		until := p.ClosesAt
		if !slices.Contains(p.Rooms, u.Room) {
			if !p.atOldRoom(&u.Tap) {
				continue
			}
			until = p.oldUntil
		}
		if !p.Cancelled && p.policy != nil && milli(u.Earliest) <= milli(until) && milli(u.Latest) >= milli(p.OpensAt) {
			may = append(may, p)
		}
	}
	return may
}

// settled reports whether the tap counts here and for the same code at the first and at the last moment it may have been made.
// Lateness grows with time, so that in between it is the same.
func (b *bench) settled(p *place, u *Unsure) bool {
	if p.tap != nil && !(p.remote && p.proves(&u.Tap)) {
		return false
	}
	first, last := *p, *p
	first.tap, last.tap = u.at(u.Earliest), u.at(u.Latest)
	if !first.accepts(first.tap) || !last.accepts(last.tap) {
		return false
	}
	early, _ := b.byLateness(&first)
	late, _ := b.byLateness(&last)
	return early == late
}

func (u *Unsure) at(moment time.Time) *Tap {
	t := u.Tap
	t.At = moment
	return &t
}

// doubted is the mark unless a tap that may belong here could have made a better one. What people decided, and what does not
// count against the student, stands.
func doubted(p *place, m Mark) Mark {
	if p.doubt == nil || m.Source == FromStaff {
		return m
	}
	switch {
	case m.Code == Absent, m.Code == Remote:
	case m.Code == Late && p.doubt.Earliest.Before(p.tap.At):
	case m.Code == Unknown && m.Source == Pending && p.tap == nil:
	default:
		return m
	}
	reason := fmt.Sprintf("Not known: a tap at %s %s may belong here, and the clock there was not set; somebody must look", p.doubt.Point, p.doubt.between())
	return Mark{Code: Unknown, Source: Pending, Reason: reason + ". Without it: " + m.Reason}
}

// between says in words when it was.
func (u *Unsure) between() string {
	if u.Earliest.IsZero() {
		return "before " + moment(u.Latest)
	}
	return fmt.Sprintf("between %s and %s", moment(u.Earliest), moment(u.Latest))
}
