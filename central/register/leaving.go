package register

import (
	"slices"
	"time"
)

// leftEarly is C-2 by the tutor's entry or by taps at exits: whoever leaves before the end, less the policy's grace, is
// absent although they came. That nobody tapped out is not leaving.
func (b *bench) leftEarly(p *place) (Mark, bool) {
	if left := b.last(LeftEarly, p); left != nil {
		return b.leftByEntry(p, left)
	}
	if out := b.out(p); out != nil && tooEarly(p, out.At) {
		return Mark{Code: Absent, Source: FromTap, Reason: "LE: left at " + clock(out.At) + " by " + out.Point + ", before the end"}, true
	}
	return Mark{}, false
}

func (b *bench) leftByEntry(p *place, left *Note) (Mark, bool) {
	if !tooEarly(p, left.At) {
		return Mark{}, false
	}
	return Mark{Code: Absent, Source: FromStaff, Reason: "LE: left at " + clock(left.At) + ", before the end, by the entry of " + left.By}, true
}

func tooEarly(p *place, at time.Time) bool {
	rule := p.policy.Marking.LeavingEarly
	return rule != nil && milli(at) < milli(p.ends().Add(-rule.Grace.Std()))
}

// out is the tap by which the student left for good: the last one at the session's rooms up to its end, if that is at an
// exit. Whoever went out and came back in has not left.
func (b *bench) out(p *place) *Tap {
	if !b.exits || p.policy.Marking.LeavingEarly == nil {
		return nil
	}
	end := milli(p.ends())
	after, _ := slices.BinarySearchFunc(b.taps, end+1, func(t Tap, at int64) int { return int(min(max(milli(t.At)-at, -1), 1)) })
	for i := after - 1; i >= 0 && milli(b.taps[i].At) > milli(p.tap.At); i-- {
		t := &b.taps[i]
		if slices.Contains(p.Rooms, t.Room) || p.atOldRoom(t) {
			return exit(t)
		}
	}
	return nil
}

func exit(t *Tap) *Tap {
	if t.Exit {
		return t
	}
	return nil
}
