package appliance

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// Size is how large a campus is.
type Size struct {
	People    int // a card each
	Rooms     int // a door each
	Lists     int // class lists; each person is on ListsEach of them
	ListsEach int
	Days      int // of sessions ahead
	Daily     int // sessions of an hour in each room
}

// Whole is a large university given to one building: far more than that building has rooms, so that any gateway could stand
// in for any other.
var Whole = Size{People: 50_000, Rooms: 400, Lists: 6_000, ListsEach: 12, Days: 14, Daily: 8}

// String is the size in words.
func (s Size) String() string {
	return fmt.Sprintf("%s people, %d rooms, %s sessions in %d days and %s class lists of %d on average",
		sample.Thousands(s.People), s.Rooms, sample.Thousands(s.Rooms*s.Days*s.Daily), s.Days, sample.Thousands(s.Lists), s.People*s.ListsEach/s.Lists)
}

const (
	building = "campus"
	// Doors are the rooms in which somebody taps: one class list each, the same in all sessions, so that a tap is
	// credited whichever hour it is.
	Doors = 8
)

// Point is where the reader of a room hangs.
func Point(room int) string { return roomName(room) + "/door" }

func roomName(room int) string { return fmt.Sprintf("R-%03d", room) }

// NewTimetable makes the timetable of a campus in which the registers of all rooms are open at now. The same seed gives the
// same campus.
func NewTimetable(s Size, campusKey []byte, now time.Time) *contract.Timetable {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same campus every time
	first := now.UTC().Truncate(time.Hour).Add(-time.Hour)
	t := &contract.Timetable{
		Version: 1, Building: building, MadeAt: now.UTC(), ValidUntil: now.UTC().AddDate(0, 0, s.Days), Lists: make([]contract.List, s.Lists),
	}
	for person := range s.People {
		t.Holders = append(t.Holders, contract.Holder{Digests: []contract.Digest{contract.DigestOf(campusKey, fmt.Sprintf("uid:%X", uidOf(person)))}})
		for _, l := range draw(random, s.Lists, s.ListsEach) {
			t.Lists[l].Holders = append(t.Lists[l].Holders, uint32(person))
		}
	}
	for room := range s.Rooms {
		t.Points = append(t.Points, contract.Point{ID: Point(room), Room: roomName(room)})
		for i := range s.Days * s.Daily {
			start := first.AddDate(0, 0, i/s.Daily).Add(time.Duration(i%s.Daily) * time.Hour)
			list := room
			if room >= Doors {
				list = random.IntN(s.Lists)
			}
			t.Sessions = append(t.Sessions, session(roomName(room), start, list))
		}
	}
	return t
}

// session lasts an hour; its register opens half an hour before, as W-1 has it.
func session(room string, start time.Time, list int) contract.Session {
	end := start.Add(time.Hour)
	return contract.Session{
		ID: start.Format("20060102T1504-") + room, Rooms: []string{room}, List: uint32(list),
		StartsAt: start, EndsAt: end, OpensAt: start.Add(-30 * time.Minute), ClosesAt: end,
	}
}

// draw picks k different numbers below n; k is much smaller than n.
func draw(random *rand.Rand, n, k int) []int {
	var drawn []int
	for len(drawn) < k {
		if i := random.IntN(n); !slices.Contains(drawn, i) {
			drawn = append(drawn, i)
		}
	}
	return drawn
}

// uidOf is the 7-octet identifier of a person's card; 04 is NXP's manufacturer code.
func uidOf(person int) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0x04}, uint32(person)), 0x6E, 0x80)
}

// cardsAt are the cards of everybody on the class list of a door.
func cardsAt(t *contract.Timetable, door int) []card.Card {
	var cards []card.Card
	for _, person := range t.Lists[door].Holders {
		cards = append(cards, card.FromUID(uidOf(int(person))...))
	}
	return cards
}
