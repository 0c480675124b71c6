package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

const (
	students  = 12 // of each building
	firstHour = 9  // of teaching, by the university's clock
	lastHour  = 17
)

var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	return l
}()

// people are the students, what they are taught and when they come.
type people struct {
	seed  uint64
	days  int
	cards map[string]string // by student
}

func newPeople(seed uint64, during time.Duration) *people {
	p := &people{seed: seed, days: 1 + int((during+24*time.Hour-1)/(24*time.Hour)), cards: map[string]string{}}
	for i := range buildings {
		for k := range students {
			p.cards[studentName(i, k)] = fmt.Sprintf("w26:%d:%d", i+1, k+1)
		}
	}
	return p
}

func studentName(building, k int) string { return fmt.Sprintf("s%d%02d", building, k) }

type importFile struct {
	kind  timetable.Kind
	lines []string
}

// files are the university's files.
func (p *people) files() []importFile {
	rooms := []string{"building_id,building_name,room_id,room_name,point_id"}
	names := []string{"student_id,name"}
	cards := []string{"student_id,card"}
	teaching := []string{"event_id,date,start,end,room_id,module_id,student_id"}
	for i := range buildings {
		g := gatewayName(i)
		rooms = append(rooms, fmt.Sprintf("%s,%s,%s-1,%s-1,%s/door", g, g, g, g, g))
		for k := range students {
			s := studentName(i, k)
			names, cards = append(names, s+","+s), append(cards, s+","+p.cards[s])
			for _, begin := range p.lectures() {
				day, hour := begin.Format(time.DateOnly), begin.Hour()
				teaching = append(teaching, fmt.Sprintf("%s-%s-%d,%s,%02d:00,%02d:50,%s-1,M%d,%s", g, day, hour, day, hour, hour, g, i, s))
			}
		}
	}
	return []importFile{{timetable.Rooms, rooms}, {timetable.Students, names}, {timetable.Cards, cards}, {timetable.Sessions, teaching}}
}

// lectures are the beginnings of the lectures, in every building the same.
func (p *people) lectures() []time.Time {
	var all []time.Time
	for day := range p.days {
		for hour := firstHour; hour <= lastHour; hour++ {
			all = append(all, time.Date(beginning.Year(), beginning.Month(), beginning.Day()+day, hour, 0, 0, 0, london))
		}
	}
	return all
}

// arrival is a card held to a reader.
type arrival struct {
	at   time.Time
	card string
}

// arrivals are who comes to a building, in order: most of those who are expected, some of them late, some twice, and
// strangers.
func (p *people) arrivals(building int) []arrival {
	random := rand.New(rand.NewPCG(p.seed, uint64(1000+building)))
	var all []arrival
	come := func(begin time.Time, from, to int, card string) {
		at := begin.Add(time.Duration(from*60+random.IntN((to-from)*60))*time.Second + time.Duration(random.IntN(1e9)))
		all = append(all, arrival{at, card})
	}
	for _, begin := range p.lectures() {
		for k := range students {
			card := p.cards[studentName(building, k)]
			switch n := random.IntN(100); {
			case n < 70:
				come(begin, -5, 14, card)
			case n < 85:
				come(begin, 10, 45, card)
			}
			if random.IntN(100) < 8 {
				come(begin, -5, 40, card)
			}
		}
		come(begin, -10, 45, fmt.Sprintf("w26:200:%d", random.IntN(1000)))
	}
	slices.SortFunc(all, func(a, b arrival) int { return a.at.Compare(b.at) })
	return all
}

// come lets people come to a building until ctx ends.
func (w *world) come(ctx context.Context, b *building, arrivals []arrival) {
	for _, a := range arrivals {
		if !pause(ctx, time.Until(a.at)) {
			return
		}
		r := b.now()
		if r == nil {
			w.ledger.miss()
			continue
		}
		w.ledger.tapped(r.tap(contract.DigestOf(b.papers.campusKey, a.card)))
	}
}
