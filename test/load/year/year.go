// Package year makes a university's year of facts from a seed, fills a database of either engine with it, and knows by itself
// what every mark must be: from what it made up, not from taps. It judges nothing with the product's code.
package year

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// Size is how large a year is.
type Size struct {
	Students int
	Weeks    int // of teaching in each of the three terms; each has ten sessions for everybody
}

// Whole is the year of the aims: 40,000 students, each expected 300 times.
var Whole = Size{Students: 40_000, Weeks: 10}

const (
	slots      = 10  // in a week: a morning and an afternoon from Monday to Friday
	groupSize  = 40  // students at one session
	moduleSize = 400 // students of one module; it has two slots a week
	buildings  = 46
	hours      = 4 // at which a morning's or an afternoon's sessions begin
)

// The terms. They hold the change of clocks in October and in March.
var terms = []struct {
	id, name    string
	first, last calendar.Day
	monday      calendar.Day // of the first teaching week
}{
	{"autumn", "Autumn term", calendar.Day{Year: 2026, Month: 9, Day: 28}, calendar.Day{Year: 2026, Month: 12, Day: 18}, calendar.Day{Year: 2026, Month: 10, Day: 5}},
	{"spring", "Spring term", calendar.Day{Year: 2027, Month: 1, Day: 11}, calendar.Day{Year: 2027, Month: 3, Day: 26}, calendar.Day{Year: 2027, Month: 1, Day: 11}},
	{"summer", "Summer term", calendar.Day{Year: 2027, Month: 4, Day: 12}, calendar.Day{Year: 2027, Month: 6, Day: 25}, calendar.Day{Year: 2027, Month: 4, Day: 12}},
}

// Now is the evening of the year's last day.
var Now = time.Date(2027, 6, 25, 18, 0, 0, 0, time.UTC)

// Year is one university's year. The same seed and size give the same year.
type Year struct {
	Size
	seed   uint64
	groups int     // at the same time
	of     []int32 // group of each student in each slot of each term: [(term*slots+slot)*Students + student]
	member []int32 // students of each group in order: [(term*slots+slot)*Students + place], groupSize places a group
	habit  []uint8 // how often a student comes, in 1/256
}

// New makes a year. It takes a second for the whole one.
func New(size Size, seed uint64) *Year {
	y := &Year{Size: size, seed: seed, groups: (size.Students + groupSize - 1) / groupSize}
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same year every time
	y.enrol(random)
	y.habit = make([]uint8, size.Students)
	for i := range y.habit {
		switch n := random.IntN(10); {
		case n == 0: // one in ten is in trouble
			y.habit[i] = uint8(50 + random.IntN(110))
		case n < 4:
			y.habit[i] = uint8(160 + random.IntN(50))
		default:
			y.habit[i] = uint8(210 + random.IntN(46))
		}
	}
	return y
}

// enrol draws modules, and groups inside them: of two slots of a module a student is mostly with other people in each.
func (y *Year) enrol(random *rand.Rand) {
	y.of = make([]int32, len(terms)*slots*y.Students)
	y.member = make([]int32, len(y.of))
	order := make([]int32, y.Students)
	for i := range order {
		order[i] = int32(i)
	}
	for slot := range len(terms) * slots {
		if slot%2 == 0 { // the two slots of a module are a morning and an afternoon
			random.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
		}
		for from := 0; from < len(order); from += moduleSize {
			module := order[from:min(from+moduleSize, len(order))]
			random.Shuffle(len(module), func(i, k int) { module[i], module[k] = module[k], module[i] })
		}
		at := slot * y.Students
		copy(y.member[at:], order)
		for place, student := range order {
			y.of[at+int(student)] = int32(place / groupSize)
		}
	}
}

// session is one of the year: a group's meeting in one slot of one week.
type session struct{ term, slot, week, group int }

// sessionsOf calls each with every session of a student, in the order of their identifiers, until it returns false.
func (y *Year) sessionsOf(student int, each func(session) bool) bool {
	for t := range terms {
		for slot := range slots {
			group := int(y.of[(t*slots+slot)*y.Students+student])
			for week := range y.Weeks {
				if !each(session{t, slot, week, group}) {
					return false
				}
			}
		}
	}
	return true
}

// members are the students of a session.
func (y *Year) members(s session) []int32 {
	at := (s.term*slots + s.slot) * y.Students
	return y.member[at+s.group*groupSize : at+min((s.group+1)*groupSize, y.Students)]
}

// module has ten groups.
func (s session) module() string {
	return fmt.Sprintf("K%d%d%04d", s.term, s.slot/2, s.group*groupSize/moduleSize)
}

// id names the activity first and the week last, as timetables do.
func (s session) id() string {
	return fmt.Sprintf("%s-%d-%02d-%04d", s.module(), s.slot%2, s.week, s.group)
}

func (s session) starts() time.Time {
	day := terms[s.term].monday.Add(7*s.week + s.slot/2)
	hour := 9 + s.group%hours
	if s.slot%2 == 1 {
		hour += 5 // the last morning session is over before the first register of the afternoon opens
	}
	return time.Date(day.Year, day.Month, day.Day, hour, 0, 0, 0, calendar.London).UTC()
}

func (s session) ends() time.Time { return s.starts().Add(time.Hour) }

// room is the room of a session: groups that begin at different hours share one.
func (s session) room() int { return s.group / hours }

func (y *Year) rooms() int { return (y.groups + hours - 1) / hours }

func (y *Year) buildings() int { return min(buildings, y.rooms()) }

func (y *Year) buildingOf(room int) int { return room % y.buildings() }

func studentID(student int) string   { return fmt.Sprintf("2%07d", student) }
func roomID(room int) string         { return fmt.Sprintf("R-%03d", room) }
func pointID(room int) string        { return roomID(room) + "/door" }
func buildingID(building int) string { return fmt.Sprintf("B%02d", building) }

func streamID(building int) contract.Stream {
	return contract.Stream{'b', 'u', 'i', 'l', 'd', 'i', 'n', byte(building)}
}

// Card is the digest of a student's card.
func Card(student int) contract.Digest {
	return contract.DigestOf([]byte("campus"), fmt.Sprintf("uid:%08X", student))
}

// department has about a thousand students.
func (y *Year) department(student int) string {
	return fmt.Sprintf("Department %02d", mix(y.seed, 7, uint64(student))%uint64(max(1, min(y.Students/100, 40))))
}

func (y *Year) visa(student int) bool { return mix(y.seed, 8, uint64(student))%5 == 0 }

// mix is a hash of numbers (splitmix64): what happens to somebody somewhere is looked up, not remembered.
func mix(numbers ...uint64) uint64 {
	var h uint64
	for _, n := range numbers {
		h += n + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}
