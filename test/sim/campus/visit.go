package campus

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Visit is one person who will walk up to a door with a card.
type Visit struct {
	At      time.Time // when they arrive; others may be in front of them
	Room    string
	Student string // "" when nobody holds the card
	Card    Card
}

// Pace says how people come.
type Pace struct {
	From, Until time.Time
	Rush        time.Duration // from From on most of the classes arrive; no longer than up to Until
	Rate        float64       // people a second during the rush
	Trickle     float64       // people a second after it
}

// The mixture of people, of a thousand.
const (
	wrongRoom = 50 // listed for another room
	unknown   = 25 // with a card nobody holds
	again     = 60 // twice within seconds, to be sure
)

// Visits are the people of a run, by arrival: the students of the classes that are on, a few at the wrong door, strangers, and
// those who hold their card to the reader twice. When all have come and the pace asks for more, they come again.
func (c *Campus) Visits(live []model.Session, p Pace) []Visit {
	r := c.rng("visits " + p.From.String())
	v := visits{c: c, r: r, holders: map[string]*Student{}, live: live}
	for i := range c.Students {
		v.holders[c.Students[i].ID] = &c.Students[i]
	}
	rush := min(p.Rush, p.Until.Sub(p.From))
	v.rush(p, rush)
	v.trickle(p, rush)
	slices.SortStableFunc(v.all, func(a, b Visit) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Card.Key, b.Card.Key)) })
	return v.all
}

type visits struct {
	c       *Campus
	r       *rand.Rand
	holders map[string]*Student
	live    []model.Session
	all     []Visit
}

// rush spreads a share of every class, as large as the rate allows, over the time; the classes that end early come first.
func (v *visits) rush(p Pace, rush time.Duration) {
	wanted := int(p.Rate * rush.Seconds())
	for i := range v.live {
		s := &v.live[i]
		n := wanted / len(v.live)
		if i < wanted%len(v.live) {
			n++
		}
		span := rush
		if left := s.End.Sub(p.From); left < span {
			span = left
			n = min(n, len(s.Students)*4/5) // the others stay away, or come too late
			v.tooLate(s, p.From.Add(rush))
		}
		order := v.r.Perm(len(s.Students))
		for k := range n {
			v.arrive(s, s.Students[order[k%len(order)]], p.From.Add(time.Duration(v.r.Int64N(int64(span)))))
		}
	}
}

// tooLate lets three people come after a class ended.
func (v *visits) tooLate(s *model.Session, until time.Time) {
	left := until.Sub(s.End) - time.Second
	if left <= 0 {
		return
	}
	for range 3 {
		student := s.Students[v.r.IntN(len(s.Students))]
		v.add(s.Room, student, s.End.Add(time.Second+time.Duration(v.r.Int64N(int64(left)))))
	}
}

func (v *visits) trickle(p Pace, rush time.Duration) {
	if p.Trickle <= 0 {
		return
	}
	step := time.Duration(float64(time.Second) / p.Trickle)
	for at := p.From.Add(rush); at.Before(p.Until); at = at.Add(step) {
		s := &v.live[v.r.IntN(len(v.live))]
		v.arrive(s, s.Students[v.r.IntN(len(s.Students))], at)
	}
}

// arrive is one person on the way to a class, who may take the wrong door, have lost the card, or tap twice.
func (v *visits) arrive(s *model.Session, student string, at time.Time) {
	switch luck := v.r.IntN(1000); {
	case luck < wrongRoom:
		other := &v.live[v.r.IntN(len(v.live))]
		v.add(other.Room, student, at)
	case luck < wrongRoom+unknown:
		v.all = append(v.all, Visit{At: at, Room: s.Room, Card: stranger(v.r, s.Room)})
	case luck < wrongRoom+unknown+again:
		v.add(s.Room, student, at)
		v.add(s.Room, student, at.Add(between(v.r, twiceAfter, 3*twiceAfter)))
	default:
		v.add(s.Room, student, at)
	}
}

// twiceAfter is longer than a reader takes the same tag for one tap that goes on.
const twiceAfter = 4 * time.Second

func (v *visits) add(room, student string, at time.Time) {
	v.all = append(v.all, Visit{At: at, Room: room, Student: student, Card: v.holders[student].Card(room)})
}
