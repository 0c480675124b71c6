package system

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata" // days are London's, also on a machine that knows no zones

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// person is a student with a card for each kind of reader.
type person struct {
	id       string
	badge    card.Card // for doors
	badgeKey string    // as the registry writes it
	tag      card.Card // for desks
	tagKey   string
}

// students are few: people[0] to people[11].
const students = 12

var people = func() []person {
	all := make([]person, students)
	for i := range all {
		all[i] = newPerson(fmt.Sprintf("26%05d", 100+i), 71, uint16(4000+i))
	}
	return all
}()

// stranger holds cards that nobody registered.
var stranger = newPerson("stranger", 203, 9)

func newPerson(id string, site uint8, number uint16) person {
	octets := [5]byte{site, 0, 0, byte(number >> 8), byte(number)}
	return person{
		id: id, badge: card.W26(site, number), badgeKey: fmt.Sprintf("w26:%d:%d", site, number),
		tag: card.FromEM4100(octets), tagKey: fmt.Sprintf("em:%X", octets[:]),
	}
}

// class is one session in a room.
type class struct {
	id, room   string
	start, end time.Time
	who        []person
}

// on is a class that has been on for a minute and lasts for most of an hour.
func on(id, room string, who ...person) class {
	now := time.Now().Truncate(time.Second)
	return within(class{id: id, room: room, start: now.Add(-time.Minute), end: now.Add(50 * time.Minute), who: who}, now)
}

// soon is a class that begins soon and does not last.
func soon(id, room string, begins, lasts time.Duration, who ...person) class {
	now := time.Now().Truncate(time.Second)
	return within(class{id: id, room: room, start: now.Add(begins), end: now.Add(begins + lasts), who: who}, now)
}

// enough is how long a class must last for a test to be done with it.
const enough = 55 * time.Second

// within keeps a class inside one day of London's, because timetables write one date: around midnight it is cut short, or
// begins with the next day when too little would be left of it. That is waited for with the usual patience.
func within(c class, now time.Time) class {
	y, m, d := c.end.In(london).Date()
	midnight, lasts := time.Date(y, m, d, 0, 0, 0, 0, london), c.end.Sub(c.start)
	if !c.start.Before(midnight) {
		return c
	}
	switch left := midnight.Sub(now); {
	case left <= 0:
		c.start = midnight
	case left > enough:
		c.end = midnight.Add(-time.Second)
	default:
		c.start, c.end = midnight, midnight.Add(lasts)
	}
	return c
}

var london = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err) // the zones are embedded
	}
	return l
}()

// The files of central's imports.

func terms() [][]string {
	day := func(days int) string { return time.Now().In(london).AddDate(0, 0, days).Format(time.DateOnly) }
	return [][]string{{"term_id", "name", "first_day", "last_day"}, {"term", "Term", day(-14), day(28)}}
}

func registry() (pupils, cards [][]string) {
	pupils = [][]string{{"student_id", "name", "department", "visa"}}
	cards = [][]string{{"student_id", "card"}}
	for i, p := range people {
		pupils = append(pupils, []string{p.id, fmt.Sprintf("Student Number%d", i), "Testing", "no"})
		cards = append(cards, []string{p.id, p.badgeKey}, []string{p.id, p.tagKey})
	}
	return pupils, cards
}

func timetable(classes []class) [][]string {
	lines := [][]string{{"event_id", "date", "start", "end", "room_id", "module_id", "student_id"}}
	clock := func(t time.Time) string { return t.In(london).Format("15:04:05-07:00") }
	for _, c := range classes {
		for _, p := range c.who {
			lines = append(lines, []string{c.id, c.start.In(london).Format(time.DateOnly), clock(c.start), clock(c.end), c.room, "TST-101", p.id})
		}
	}
	return lines
}

// writeCSV writes a file into dir.
func writeCSV(dir, name string, lines [][]string) (path string, err error) {
	path = filepath.Join(dir, name+".csv")
	f, err := os.Create(path)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	defer f.Close()
	if err := csv.NewWriter(f).WriteAll(lines); err != nil {
		return "", fmt.Errorf("write %s: %w", name, err)
	}
	return path, nil
}
