package timetable

import (
	"encoding/binary"
	"slices"
	"sort"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Index answers what a decision asks of one contract.Timetable. It is immutable and safe from any goroutine. All but the few
// points is held in flat slices without pointers, so the collector has nothing to scan however large the campus is. What one
// decision reads lies together, since what it waits for is memory: a person's lists and not a list's persons, who are many.
type Index struct {
	version    uint64
	building   string
	madeAt     time.Time
	validUntil time.Time

	text  string // every identifier, each once
	cards []card // open addressing by digest, a power of two
	known int    // cards that are not empty

	points  map[string]point
	opens   []instant // when windows[i] opens; apart, so that the search for the moment touches little memory
	windows []window  // of one room after another, each room's in the order of opens
	lists   []uint32  // that hold one holder after another, each one's ascending
	holders []uint32  // holder h is on lists[holders[h]:holders[h+1]]
	edges   []instant // when any register opens or has just shut, ascending
	shuts   []instant // when any register has just shut, ascending
}

// instant is nanoseconds since 1970, UTC.
type instant = int64

// span is a part of Index.text.
type span struct{ from, to uint32 }

type card struct {
	digest  contract.Digest
	holder  uint32 // place in contract.Timetable.Holders
	next    uint32 // place of the holder's next card; the last one's next is the first
	used    bool
	blocked bool
}

// point has windows[first:next], those of its room.
type point struct{ first, next uint32 }

type window struct {
	closesAt, startsAt, endsAt instant
	latest                     instant // greatest closesAt of this and all earlier windows of the room
	list                       uint32
	id                         span
}

// Version is the version of the timetable the index was made from, from 1.
func (x *Index) Version() uint64 { return x.version }

// Building is whose timetable it is.
func (x *Index) Building() string { return x.building }

// MadeAt is when central made the timetable, UTC.
func (x *Index) MadeAt() time.Time { return x.madeAt }

// ValidUntil is the horizon, UTC: past it the timetable says nothing.
func (x *Index) ValidUntil() time.Time { return x.validUntil }

// Cards is how many credentials are known, blocked ones included.
func (x *Index) Cards() int { return x.known }

// clockSlack is how far a gateway's clock may be behind the making of the timetable it holds before that proves it wrong.
const clockSlack = 24 * time.Hour

// Usable reports whether the timetable speaks of the moment now. It does not past its horizon, nor long before it was made:
// a clock that shows such a time was never set, and nothing may be refused by it.
func (x *Index) Usable(now time.Time) bool {
	return !now.After(x.validUntil) && !now.Before(x.madeAt.Add(-clockSlack))
}

// Credential finds a card; ok is false when nobody holds it. Blocked cards are found too.
func (x *Index) Credential(d contract.Digest) (c Credential, ok bool) {
	i, ok := x.find(d)
	return Credential{x: x, place: i}, ok
}

// find looks for the place of a card; without one, it is the place where the card would be.
func (x *Index) find(d contract.Digest) (place uint32, ok bool) {
	mask := uint32(len(x.cards) - 1)
	i := hash(d) & mask
	for ; x.cards[i].used; i = (i + 1) & mask {
		if x.cards[i].digest == d {
			return i, true
		}
	}
	return i, false
}

// Credential is a card that somebody holds. It means nothing to another Index.
type Credential struct {
	x     *Index
	place uint32
}

// Blocked reports whether the card was reported lost or withdrawn.
func (c Credential) Blocked() bool { return c.x.cards[c.place].blocked }

// OfHolder calls yield with every card of the person, this one first, until it returns false.
func (c Credential) OfHolder(yield func(contract.Digest) bool) {
	for i := c.place; ; {
		card := &c.x.cards[i]
		if !yield(card.digest) {
			return
		}
		if i = card.next; i == c.place {
			return
		}
	}
}

// hash spreads digests over the slots; they are random octets already.
func hash(d contract.Digest) uint32 { return binary.LittleEndian.Uint32(d[:4]) }

// Point finds the point where a reader hangs; ok is false when the timetable does not name it.
func (x *Index) Point(id string) (p Point, ok bool) {
	at, ok := x.points[id]
	return Point{x: x, point: at}, ok
}

// Point is one point of the timetable with the registers of its room.
type Point struct {
	x *Index
	point
}

// Register is a session whose register is open.
type Register struct {
	Session  string
	StartsAt int64 // nanoseconds since 1970, UTC
	EndsAt   int64
	list     uint32
}

// Open calls yield with every register that is open at the moment now until it returns false (W-1: both ends belong to
// the window). Cancelled sessions have no register. The order says nothing.
func (p Point) Open(now time.Time) func(yield func(Register) bool) {
	return func(yield func(Register) bool) {
		if p.x == nil {
			return
		}
		t := now.UnixNano()
		opens, ws := p.x.opens[p.first:p.next], p.x.windows[p.first:p.next]
		for i := upTo(opens, t) - 1; i >= 0 && ws[i].latest >= t; i-- {
			if ws[i].closesAt >= t && !yield(p.x.register(&ws[i])) {
				return
			}
		}
	}
}

// upTo is how many of the instants, which ascend, are not after t.
func upTo(instants []instant, t instant) int {
	return sort.Search(len(instants), func(i int) bool { return instants[i] > t })
}

func (x *Index) register(w *window) Register {
	return Register{Session: x.at(w.id), StartsAt: w.startsAt, EndsAt: w.endsAt, list: w.list}
}

// Lists reports whether the holder of a card is on the list of the register. Both must be of the same Index.
func (r Register) Lists(c Credential) bool {
	x, holder := c.x, c.x.cards[c.place].holder
	_, found := slices.BinarySearch(x.lists[x.holders[holder]:x.holders[holder+1]], r.list)
	return found
}

// IsOpen reports whether some register is open at a point: its reader is to show blue (W-2).
func (x *Index) IsOpen(id string, now time.Time) bool {
	if !x.Usable(now) {
		return false
	}
	p, _ := x.Point(id)
	for range p.Open(now) {
		return true
	}
	return false
}

// NextEdge is the first moment after now when a register opens or has just shut at some point, or the horizon is passed;
// ok is false when nothing will change any more.
func (x *Index) NextEdge(now time.Time) (at time.Time, ok bool) { return after(x.edges, now) }

// NextShut is the first moment after now when a register has just shut at some point.
func (x *Index) NextShut(now time.Time) (at time.Time, ok bool) { return after(x.shuts, now) }

func after(instants []instant, now time.Time) (time.Time, bool) {
	i := upTo(instants, now.UnixNano())
	if i == len(instants) {
		return time.Time{}, false
	}
	return time.Unix(0, instants[i]).UTC(), true
}

func (x *Index) at(s span) string { return x.text[s.from:s.to] }
