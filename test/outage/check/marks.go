package check

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
	"github.com/rollcall-edge/rollcall/test/sim/campus/verdict"
)

// register is I7: the marks at central are among those that follow from what happened at the doors. The moment of a tap lies
// between card and light, so there are two possible courses of events, and what both leave open is allowed.
func register(h *history.History, r *Result) {
	if h.End.Marks == nil {
		return
	}
	taps := tapsByNonce(h)
	allowed := verdict.Marks{}
	for _, late := range []bool{false, true} {
		w := model.World{Sessions: h.Sessions, Taps: modelTaps(h, taps, late), Rooms: coverage(h, late), Now: h.Ended}
		if h.Converged.After(h.Ended) {
			w.Now = h.Converged
		}
		allowed.Allow(w.Marks())
	}
	r.Checked = len(allowed)
	count, problems := allowed.Compare(h.End.Marks)
	r.Count += count
	r.Violations = append(r.Violations, problems...)
}

// modelTaps are the taps that there must be by what was shown, and those at central of the others.
func modelTaps(h *history.History, taps map[string][]history.Tap, late bool) []model.Tap {
	var all []model.Tap
	for i := range h.Presentations {
		p := &h.Presentations[i]
		t := model.Tap{Student: p.Student, Room: p.Room, At: p.Placed}
		switch ts := taps[p.Nonce]; {
		case p.Light.Promises() && !p.Behind:
			if late {
				t.At = p.Shown
			}
		case len(ts) > 0:
			t.At = ts[0].At
		default:
			continue
		}
		all = append(all, t)
	}
	return all
}

// coverage is when the readers of each room could be heard: all of it, or, when the world is poor, without the minute around
// every end and beginning that a heartbeat may not speak of.
func coverage(h *history.History, poor bool) map[string]model.Coverage {
	rooms := map[string]model.Coverage{}
	for name, room := range h.Rooms {
		c := model.Coverage{CompleteT: h.Converged}
		for k, i := range room.Working {
			if poor && k > 0 { // the first was vouched for before
				i.From, i.To = i.From.Add(beat), i.To.Add(-beat)
			}
			if i.From.Before(i.To) {
				c.Working = append(c.Working, i)
			}
		}
		rooms[name] = c
	}
	return rooms
}

// beat is how much of the time around a fault a gateway may be unable to vouch for: a minute from heartbeat to heartbeat, and
// some seconds until all readers answer.
const beat = 65 * time.Second

// enough is the share of a register's time, in thousandths, for which a reader must have been heard (G-3).
const enough = 950

// covered is I8: it knows nothing of marks but the letter A.
func covered(h *history.History, r *Result) {
	for key, code := range h.End.Marks {
		if code != "A" {
			continue
		}
		at := slices.IndexFunc(h.Sessions, func(s model.Session) bool { return s.ID == key.Session })
		if at < 0 {
			continue
		}
		r.Checked++
		s := h.Sessions[at]
		if heard, all := heardFor(h.Rooms[s.Room], s.Opens(), s.Closes()), s.Closes().Sub(s.Opens()); heard*1000 < all*enough {
			r.violated("an absence is concluded in %s, whose reader could be heard for %v of %v", s.ID, heard.Round(time.Second), all)
		}
	}
}

// heardFor is for how long between from and to at least one interval was working.
func heardFor(room history.Room, from, to time.Time) time.Duration {
	working := slices.Clone(room.Working)
	slices.SortFunc(working, func(a, b model.Interval) int { return a.From.Compare(b.From) })
	var heard time.Duration
	for _, i := range working {
		if i.From.Before(from) {
			i.From = from
		}
		if i.To.After(to) {
			i.To = to
		}
		if i.From.Before(i.To) {
			heard += i.To.Sub(i.From)
			from = i.To
		}
	}
	return heard
}
