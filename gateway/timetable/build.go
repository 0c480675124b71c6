package timetable

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// justShut is how long after its last moment a register counts as shut: windows are closed intervals (W-1), and times are
// told apart by the millisecond.
const justShut = time.Millisecond

// Build makes the index of a timetable that contract.Timetable.Validate accepts. Sessions in rooms without a point are
// left out: no reader here can credit them.
func Build(t *contract.Timetable) *Index {
	b := builder{places: map[string]span{}, index: &Index{
		version: t.Version, building: strings.Clone(t.Building), madeAt: t.MadeAt, validUntil: t.ValidUntil,
	}}
	b.addCards(t.Holders)
	b.addLists(len(t.Holders), t.Lists)
	b.addRooms(t)
	b.addEdges(t.ValidUntil)
	b.index.text = b.text.String()
	return b.index
}

type builder struct {
	index  *Index
	text   strings.Builder
	places map[string]span
}

// span places an identifier in the text, once.
func (b *builder) span(id string) span {
	if s, ok := b.places[id]; ok {
		return s
	}
	from := uint32(b.text.Len())
	b.text.WriteString(id)
	s := span{from, uint32(b.text.Len())}
	b.places[id] = s
	return s
}

func (b *builder) addCards(holders []contract.Holder) {
	n := 0
	for _, h := range holders {
		n += len(h.Digests) + len(h.Blocked)
	}
	b.index.cards = make([]card, 1<<bits.Len(uint(n+n/2+1)))
	for i, h := range holders {
		// Blocked cards go first: should a card be listed as blocked and as good, the withdrawal counts.
		last := b.addCardsOf(uint32(i), h.Blocked, true, nil)
		b.addCardsOf(uint32(i), h.Digests, false, last)
	}
}

// addCardsOf adds cards of one holder to the ring that last, if there is one, is in.
func (b *builder) addCardsOf(holder uint32, digests []contract.Digest, blocked bool, last *card) *card {
	x := b.index
	for _, d := range digests {
		place, known := x.find(d)
		c := &x.cards[place]
		if known { // the first holder keeps it; a withdrawal counts whoever held it
			c.blocked = c.blocked || blocked
			continue
		}
		*c = card{digest: d, holder: holder, next: place, used: true, blocked: blocked}
		if last != nil {
			c.next, last.next = last.next, place
		}
		last = c
		x.known++
	}
	return last
}

// addLists turns lists of holders into lists of each holder.
func (b *builder) addLists(holders int, lists []contract.List) {
	x := b.index
	x.holders = make([]uint32, holders+1)
	for _, l := range lists {
		for _, h := range l.Holders {
			x.holders[h+1]++
		}
	}
	for h := range holders {
		x.holders[h+1] += x.holders[h]
	}
	x.lists = make([]uint32, x.holders[holders])
	filled := slices.Clone(x.holders)
	for i, l := range lists {
		for _, h := range l.Holders {
			x.lists[filled[h]] = uint32(i)
			filled[h]++
		}
	}
}

func (b *builder) addRooms(t *contract.Timetable) {
	rooms := map[string][]*contract.Session{}
	for _, p := range t.Points {
		rooms[p.Room] = nil
	}
	for i := range t.Sessions {
		s := &t.Sessions[i]
		for _, room := range s.Rooms {
			if sessions, ok := rooms[room]; ok && !s.Cancelled && !slices.Contains(sessions, s) {
				rooms[room] = append(sessions, s)
			}
		}
	}
	b.index.points = make(map[string]point, len(t.Points))
	extents := map[string]point{}
	for _, p := range t.Points {
		if _, named := b.index.points[p.ID]; named { // the first room counts
			continue
		}
		extent, ok := extents[p.Room]
		if !ok {
			extent = b.addWindows(rooms[p.Room])
			extents[p.Room] = extent
		}
		b.index.points[strings.Clone(p.ID)] = extent
	}
}

func (b *builder) addWindows(sessions []*contract.Session) (extent point) {
	x := b.index
	extent.first = uint32(len(x.windows))
	slices.SortFunc(sessions, func(s, t *contract.Session) int { return s.OpensAt.Compare(t.OpensAt) })
	var latest instant
	for _, s := range sessions {
		latest = max(latest, s.ClosesAt.UnixNano())
		x.opens = append(x.opens, s.OpensAt.UnixNano())
		x.windows = append(x.windows, window{
			closesAt: s.ClosesAt.UnixNano(), startsAt: s.StartsAt.UnixNano(), endsAt: s.EndsAt.UnixNano(),
			latest: latest, list: s.List, id: b.span(s.ID),
		})
	}
	extent.next = uint32(len(x.windows))
	return extent
}

func (b *builder) addEdges(horizon time.Time) {
	x := b.index
	for i := range x.windows {
		shut := x.windows[i].closesAt + int64(justShut)
		x.shuts = append(x.shuts, shut)
		x.edges = append(x.edges, x.opens[i], shut)
	}
	x.edges = append(x.edges, horizon.UnixNano()+int64(justShut))
	for _, list := range []*[]instant{&x.edges, &x.shuts} {
		slices.Sort(*list)
		*list = slices.Clip(slices.Compact(*list))
	}
}
