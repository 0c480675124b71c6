package campus

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// The shape of a class that is on now.
const (
	begunFor = 10 * time.Minute // it began so long ago
	lastsFor = 50 * time.Minute // and lasts so much longer
	lateEve  = 30 * time.Minute // before midnight the classes are those of the next day, whose registers are open already
)

// LivePrefix begins the identifiers of classes that are on while the campus is run.
const LivePrefix = "now-"

// ShortRooms are where a class may end early while a bounded run goes on, so that absences are concluded. Both have a
// reader with a light, and they are in different buildings.
var ShortRooms = []string{"LIB-1.10", "SCI-1.04"}

// Live is one class in every room, on at now, each student in exactly one. With a shortEnd, those in ShortRooms end then.
func (c *Campus) Live(now, shortEnd time.Time) []model.Session {
	start, end := hours(now)
	name := now.In(London).Format("0102-150405")
	students := c.rng("live " + name).Perm(len(c.Students))
	var sessions []model.Session
	for i, room := range Rooms() {
		s := model.Session{ID: fmt.Sprintf("%s%s-%s", LivePrefix, name, room.ID), Room: room.ID, Start: start, End: end}
		if !shortEnd.IsZero() && slices.Contains(ShortRooms, room.ID) && shortEnd.After(start) {
			s.End = shortEnd.Truncate(time.Second)
		}
		for _, k := range students[i*perRoom : (i+1)*perRoom] {
			s.Students = append(s.Students, c.Students[k].ID)
		}
		slices.Sort(s.Students)
		sessions = append(sessions, s)
		c.name(s.ID, i)
	}
	return sessions
}

// name gives a class that is on now one of the modules.
func (c *Campus) name(session string, i int) {
	c.module[session], c.kind[session] = c.Modules[i*len(c.Modules)/len(Rooms())].ID, "lecture"
}

// hours are start and end of a class that is on at now. A class is of one day in London, because timetables write one date.
func hours(now time.Time) (start, end time.Time) {
	now = now.Truncate(time.Second)
	y, m, d := now.In(London).Date()
	midnight, next := time.Date(y, m, d, 0, 0, 0, 0, London), time.Date(y, m, d+1, 0, 0, 0, 0, London)
	start, end = now.Add(-begunFor), now.Add(lastsFor)
	switch {
	case next.Sub(now) <= lateEve:
		return next, next.Add(lastsFor)
	case start.Before(midnight):
		start = midnight
	}
	if !end.Before(next) {
		end = next.Add(-time.Second)
	}
	return start, end
}
