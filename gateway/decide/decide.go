// Package decide judges one presentation of a credential against the timetable: W-1, W-2 and W-8. It is pure: the same
// arguments give the same decision and therefore the same light. It keeps nothing, shows nothing and applies no policy.
package decide

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
)

// Facts is what is known of a presentation before it is judged.
type Facts struct {
	Point      string          // where the reader hangs
	Digest     contract.Digest // whose credential; zero when Several or Unsuitable
	Several    bool            // two or more credentials were in the field at once
	Unsuitable bool            // one was, but its number names nobody
}

// Decision is what a tap came to.
type Decision struct {
	Outcome   contract.Outcome
	Reason    contract.Reason // None unless Outcome is Refused or Unjudged
	Session   string          // credited, or the one it would have been credited to; empty if none
	Timetable uint64          // version it was decided with; 0 if there was none
}

// Credits tells what was credited already. Seen reports whether the credential was credited to the session.
type Credits interface {
	Seen(d contract.Digest, session string) bool
}

// Decide judges a presentation made at the moment now. The index may be nil: then, past its horizon and at points it does
// not name, nothing is refused but kept for central to judge (W-2). Two cards at once and a number that names nobody are
// refused even then: no timetable would tell more.
func Decide(x *timetable.Index, credited Credits, f Facts, now time.Time) Decision {
	d := Decision{}
	if x != nil {
		d.Timetable = x.Version()
	}
	if f.Several {
		return d.refuse(contract.SeveralCards, "")
	}
	if f.Unsuitable {
		return d.refuse(contract.UnsuitableUID, "")
	}
	if x == nil || !x.Usable(now) {
		return d.leave()
	}
	point, ok := x.Point(f.Point)
	if !ok {
		return d.leave()
	}
	card, known := x.Credential(f.Digest)
	if !known {
		return d.refuse(contract.UnknownCard, "")
	}
	c := choose(credited, point, card, now)
	switch {
	case card.Blocked():
		return d.refuse(contract.BlockedCard, c.wouldCredit())
	case !c.open.some:
		return d.refuse(contract.WindowClosed, "")
	case !c.listed.some:
		return d.refuse(contract.NotListed, c.open.Session)
	case c.fresh.some:
		d.Outcome, d.Session = contract.Accepted, c.fresh.Session
		return d
	}
	d.Outcome, d.Session = contract.Duplicate, c.listed.Session
	return d
}

func (d Decision) refuse(why contract.Reason, session string) Decision {
	d.Outcome, d.Reason, d.Session = contract.Refused, why, session
	return d
}

func (d Decision) leave() Decision {
	d.Outcome, d.Reason = contract.Unjudged, contract.NoTimetable
	return d
}

// choice is the best register of each kind at a point: open, open with the holder on its list, and of those not yet credited.
type choice struct{ open, listed, fresh best }

// wouldCredit is the session a blocked card would have been credited to.
func (c choice) wouldCredit() string {
	if c.fresh.some {
		return c.fresh.Session
	}
	return c.listed.Session
}

func choose(credited Credits, p timetable.Point, card timetable.Credential, now time.Time) choice {
	var c choice
	at := now.UnixNano()
	for r := range p.Open(now) {
		c.open.consider(r, at)
		if !r.Lists(card) {
			continue
		}
		c.listed.consider(r, at)
		if !seen(credited, card, r.Session) {
			c.fresh.consider(r, at)
		}
	}
	return c
}

// seen asks for every credential of the holder: a card and a phone pass are one person.
func seen(credited Credits, card timetable.Credential, session string) bool {
	for d := range card.OfHolder {
		if credited.Seen(d, session) {
			return true
		}
	}
	return false
}

// best keeps the register W-1 prefers among several that are open: in progress with the latest start; else not yet
// started with the earliest start; else, where a window reaches beyond the end of its session, ended with the latest
// start. Equal starts are told apart by the session's identifier, so that every gateway decides alike.
type best struct {
	timetable.Register
	some bool
}

func (b *best) consider(r timetable.Register, at int64) {
	if !b.some || better(r, b.Register, at) {
		b.Register, b.some = r, true
	}
}

func better(r, than timetable.Register, at int64) bool {
	if a, b := phase(r, at), phase(than, at); a != b {
		return a < b
	}
	if r.StartsAt != than.StartsAt {
		return (r.StartsAt > than.StartsAt) != (phase(r, at) == ahead)
	}
	return r.Session < than.Session
}

// The phases of a session, in the order W-1 prefers them.
const (
	inProgress = iota
	ahead
	ended
)

func phase(r timetable.Register, at int64) int {
	switch {
	case at < r.StartsAt:
		return ahead
	case at > r.EndsAt:
		return ended
	}
	return inProgress
}
