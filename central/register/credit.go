package register

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// credit assigns the student's taps, in order of time, to places: one tap credits one session, or one class that goes on
// over several, and a session is credited once, by its earliest tap (W-1). Taps that prove presence in the room go first;
// what is left may be credited by the others, as remote (W-4). Taps at exits are no arrivals.
func credit(places []place, ordered []Tap) {
	order := byOpening(places)
	for _, remote := range []bool{false, true} {
		if remote && !slices.ContainsFunc(places, func(p place) bool { return p.policy != nil && len(p.policy.Marking.InPerson) > 0 }) {
			return // every tap proves presence
		}
		w := walk{places: places, order: order}
		for i := range ordered {
			t := &ordered[i]
			if t.Exit {
				continue
			}
			if p := w.choose(t, remote); p != nil {
				p.tap, p.remote = t, remote
				chain(places, p)
			}
		}
	}
}

// inOrder are taps by time, each once.
func inOrder(taps []Tap) []Tap {
	ordered := slices.Clone(taps)
	slices.SortFunc(ordered, func(a, b Tap) int {
		return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.ID.Stream[:], b.ID.Stream[:]), cmp.Compare(a.ID.Seq, b.ID.Seq))
	})
	return slices.CompactFunc(ordered, func(a, b Tap) bool { return a.ID == b.ID }) // told twice is one tap
}

func byOpening(places []place) []int {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return places[a].OpensAt.Compare(places[b].OpensAt) })
	return order
}

// walk goes over taps in order of time and keeps at hand the places whose window may hold the present one.
type walk struct {
	places []place
	order  []int // places by the opening of their windows
	next   int   // place in order of the first that has not opened yet
	open   []int
}

// choose is W-1 for several sessions open at once: among those not yet credited, one in progress with the latest start, else
// one not yet started with the earliest start, else one already over (its window may close after its end) with the latest
// start; the identifier decides between equals, so that the order of facts never does.
func (w *walk) choose(t *Tap, remote bool) *place {
	w.advance(milli(t.At))
	var best *place
	for _, i := range w.open {
		p := &w.places[i]
		if p.tap != nil || !p.accepts(t) || p.proves(t) == remote {
			continue
		}
		if best == nil || preferred(p.Session, best.Session, milli(t.At)) {
			best = p
		}
	}
	return best
}

func (w *walk) advance(at int64) {
	for ; w.next < len(w.order) && milli(w.places[w.order[w.next]].OpensAt) <= at; w.next++ {
		w.open = append(w.open, w.order[w.next])
	}
	w.open = slices.DeleteFunc(w.open, func(i int) bool { return milli(w.places[i].ClosesAt) < at })
}

// chain credits the sessions that follow p without a break, when the policy takes them for one class.
func chain(places []place, p *place) {
	if !p.policy.Marking.ChainClasses {
		return // as nearly everywhere: no need to look
	}
	for i := 0; i < len(places); i++ {
		next := &places[i]
		if next.tap == nil && next.continues(p, p.tap.Room) {
			next.tap, next.remote, next.chained = p.tap, p.remote, true
			p, i = next, -1
		}
	}
}

func preferred(a, b *Session, at int64) bool {
	pa, pb := phase(a, at), phase(b, at)
	if pa != pb {
		return pa < pb
	}
	byStart := milli(a.StartsAt) - milli(b.StartsAt)
	if byStart == 0 {
		return a.ID < b.ID
	}
	if pa == toCome {
		return byStart < 0
	}
	return byStart > 0
}

const (
	inProgress = iota
	toCome
	over
)

func phase(s *Session, at int64) int {
	switch {
	case at < milli(s.StartsAt):
		return toCome
	case at <= milli(s.EndsAt):
		return inProgress
	default:
		return over
	}
}

func milli(t time.Time) int64 { return t.UnixMilli() }
