package timetable

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// holders are the people of the campus as gateways know them.
type holders struct {
	list  []contract.Holder
	place map[string]uint32 // student to place in list
}

// holdersOf lists everybody with a card, so that a student of another group gets "not on the list" and not "unknown card".
// They stand in the order of their digests, which says nothing about student numbers.
func holdersOf(cards []Card, now time.Time) holders {
	byStudent := map[string]*contract.Holder{}
	for _, c := range cards {
		if now.Before(c.From) {
			continue
		}
		h := byStudent[c.Student]
		if h == nil {
			h = &contract.Holder{Digests: []contract.Digest{}}
			byStudent[c.Student] = h
		}
		if c.Blocked || (!c.To.IsZero() && c.To.Before(now)) {
			h.Blocked = append(h.Blocked, c.Digest)
		} else {
			h.Digests = append(h.Digests, c.Digest)
		}
	}
	students := make([]string, 0, len(byStudent))
	for student, h := range byStudent {
		slices.SortFunc(h.Digests, compareDigests)
		slices.SortFunc(h.Blocked, compareDigests)
		students = append(students, student)
	}
	slices.SortFunc(students, func(a, b string) int { return compareDigests(leading(byStudent[a]), leading(byStudent[b])) })
	out := holders{list: make([]contract.Holder, len(students)), place: make(map[string]uint32, len(students))}
	for i, student := range students {
		out.list[i] = *byStudent[student]
		out.place[student] = uint32(i)
	}
	return out
}

func leading(h *contract.Holder) contract.Digest {
	if len(h.Digests) > 0 {
		return h.Digests[0]
	}
	return h.Blocked[0]
}

func compareDigests(a, b contract.Digest) int { return bytes.Compare(a[:], b[:]) }

// assemble makes the timetable of one building; version, date and horizon are left open.
func assemble(building string, campus Campus, all holders) *contract.Timetable {
	t := &contract.Timetable{
		Building: building, Points: []contract.Point{}, Holders: all.list, Lists: []contract.List{}, Sessions: []contract.Session{},
	}
	here := map[string]bool{}
	for _, r := range campus.Rooms {
		here[r.ID] = here[r.ID] || r.Building == building
	}
	for _, p := range campus.Points {
		if here[p.Room] && !p.Exit { // no light promises that leaving is recorded as coming: gateways keep such taps unjudged
			t.Points = append(t.Points, contract.Point{ID: p.ID, Room: p.Room})
		}
	}
	slices.SortFunc(t.Points, func(a, b contract.Point) int { return cmp.Compare(a.ID, b.ID) })

	sessions := slices.Clone(campus.Sessions)
	slices.SortFunc(sessions, func(a, b Session) int { return cmp.Or(a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.ID, b.ID)) })
	lists := map[string]uint32{}
	for _, s := range sessions {
		if !slices.ContainsFunc(s.Rooms, func(room string) bool { return here[room] }) {
			continue
		}
		t.Sessions = append(t.Sessions, contract.Session{
			ID: s.ID, Rooms: s.Rooms, StartsAt: s.StartsAt, EndsAt: s.EndsAt, OpensAt: s.OpensAt, ClosesAt: s.ClosesAt,
			Cancelled: s.Cancelled, List: listOf(t, s.Students, all, lists),
		})
	}
	return t
}

// listOf is the place of a class list; sessions of the same class share one.
func listOf(t *contract.Timetable, students []string, all holders, known map[string]uint32) uint32 {
	list := contract.List{Holders: []uint32{}}
	for _, student := range students {
		if place, ok := all.place[student]; ok { // a student without a card cannot tap
			list.Holders = append(list.Holders, place)
		}
	}
	slices.Sort(list.Holders)
	var key []byte
	for _, place := range list.Holders {
		key = binary.AppendUvarint(key, uint64(place))
	}
	if at, ok := known[string(key)]; ok {
		return at
	}
	at := uint32(len(t.Lists))
	known[string(key)] = at
	t.Lists = append(t.Lists, list)
	return at
}
