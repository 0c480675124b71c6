// Package traffic is the people of a run: students with cards that are used once each, the classes they are expected at, and
// when each walks up to which door. A card is a nonce: whatever is found anywhere under its digest is this one presentation.
// It knows neither gateway nor central, and does not judge what was shown.
package traffic

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// The shape of the classes.
const (
	perRoom    = 30 // students listed in a room
	absent     = 8  // students of an early class, who never come
	begunFor   = 5 * time.Minute
	lastsOver  = 15 * time.Minute // after the traffic
	wrongPer   = 60               // of a thousand come to a door where they are not listed
	unknownPer = 40               // of a thousand have a card nobody holds
)

// earlyRooms have a class that ends while people still tap, of students who never come: absences are concluded there, or not.
var earlyRooms = campus.ShortRooms

// earlyEnd is when those classes end, from the import on: well before the end of a run.
const earlyEnd = 75 * time.Second

// Visit is one person on the way to a door.
type Visit struct {
	After   time.Duration // from the beginning of the traffic
	Room    string
	Student string // "" when nobody holds the card
	Card    card.Card
	Key     string // by which the registry knows the card
	Expect  history.Light
}

// Roster is who is expected where, and who comes when.
type Roster struct {
	Sessions []model.Session
	Visits   []Visit
	students []string
	cards    [][2]string // student, key
	serial   uint32
}

// ErrMidnight means that a class would have to go on over midnight, which timetables cannot write.
var ErrMidnight = errors.New("the run would go over midnight in London; start it after midnight, or ask for a shorter one")

// New makes up the people of a run that begins about now.
func New(seed uint64, now time.Time, lasts time.Duration, rate float64) (*Roster, error) {
	start, end, err := hours(now, lasts)
	if err != nil {
		return nil, err
	}
	r := &Roster{}
	chance := rand.New(rand.NewPCG(seed, 0x7472_6166_6669_6301)) //nolint:gosec // the same seed must give the same people
	for _, room := range campus.Rooms() {
		s := model.Session{ID: "lab-" + room.ID, Room: room.ID, Start: start, End: end, Students: r.enrol(room.ID, perRoom)}
		r.Sessions = append(r.Sessions, s)
	}
	if early := now.Add(earlyEnd).Truncate(time.Second); early.After(start) && lasts > earlyEnd {
		for _, id := range earlyRooms {
			s := model.Session{ID: "early-" + id, Room: id, Start: start, End: early, Students: r.enrol("early-"+id, absent)}
			r.Sessions = append(r.Sessions, s)
		}
	}
	r.visits(chance, lasts, rate)
	return r, nil
}

// hours are start and end of the classes. A class is of one day in London; shortly before midnight the classes are those of
// the next day, whose registers are open already.
func hours(now time.Time, lasts time.Duration) (start, end time.Time, err error) {
	now = now.Truncate(time.Second)
	y, m, d := now.In(campus.London).Date()
	midnight, next := time.Date(y, m, d, 0, 0, 0, 0, campus.London), time.Date(y, m, d+1, 0, 0, 0, 0, campus.London)
	start, end = now.Add(-begunFor), now.Add(lasts+lastsOver)
	switch {
	case end.Before(next):
	case next.Sub(now) < 28*time.Minute:
		start = next
	default:
		return start, end, ErrMidnight
	}
	if start.Before(midnight) {
		start = midnight
	}
	return start, end, nil
}

func (r *Roster) enrol(group string, n int) []string {
	var students []string
	for i := range n {
		students = append(students, fmt.Sprintf("%s-%02d", group, i))
	}
	r.students = append(r.students, students...)
	return students
}

// visits spreads people evenly over time and doors, each with a card of its own.
func (r *Roster) visits(chance *rand.Rand, lasts time.Duration, rate float64) {
	rooms := campus.Rooms()
	for i := range int(rate * lasts.Seconds()) {
		at := time.Duration((float64(i) + chance.Float64()) / rate * float64(time.Second))
		room := rooms[i%len(rooms)]
		v := Visit{After: at, Room: room.ID, Expect: history.Green}
		v.Card, v.Key = r.card(room.Kind)
		class := &r.Sessions[i%len(rooms)]
		switch luck := chance.IntN(1000); {
		case luck < wrongPer:
			class, v.Expect = &r.Sessions[(i+1)%len(rooms)], history.Red
		case luck < wrongPer+unknownPer:
			class, v.Expect = nil, history.Red
		}
		if class != nil {
			v.Student = class.Students[chance.IntN(len(class.Students))]
			r.cards = append(r.cards, [2]string{v.Student, v.Key})
		}
		r.Visits = append(r.Visits, v)
	}
	slices.SortStableFunc(r.Visits, func(a, b Visit) int { return int(a.After - b.After) })
}

// card is the next unused card that a kind of reader can read.
func (r *Roster) card(kind campus.ReaderKind) (card.Card, string) {
	r.serial++
	n := r.serial
	switch kind {
	case campus.RDM6300:
		octets := [5]byte{0x2A, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
		return card.FromEM4100(octets), fmt.Sprintf("em:%X", octets[:])
	case campus.TWN4, campus.PN532:
		octets := []byte{0x04, 0x6C, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 0x80}
		return card.FromUID(octets...), fmt.Sprintf("uid:%X", octets)
	case campus.QR:
		text := fmt.Sprintf("lab-%08x", n)
		return card.FromCode(text), "qr:" + text
	}
	site, number := uint8(20+n/60000), uint16(1+n%60000)
	return card.W26(site, number), fmt.Sprintf("w26:%d:%d", site, number)
}

// Guest is a student who is known to nobody yet, with a card for a room's reader. It may be called from one goroutine at a time.
func (r *Roster) Guest(name string, room campus.Room) Visit {
	v := Visit{Room: room.ID, Student: name, Expect: history.Green}
	v.Card, v.Key = r.card(room.Kind)
	return v
}
