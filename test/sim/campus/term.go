package campus

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Module is one subject with its two classes a week.
type Module struct {
	ID       string
	Students []string
	slots    []slot
}

// slot is a place in the weekly timetable.
type slot struct {
	day  int // 0 is Monday
	hour int
	room string
	kind string
}

const (
	modulesPerDepartment = 5
	firstHour            = 9
	lastHour             = 16 // the last class starts
	cancelledCount       = 6
)

// modules gives every department five modules; every student takes two or three of them.
func (c *Campus) modules() []Module {
	r := c.rng("modules")
	taken := map[slot]bool{}
	var all []Module
	for d, dept := range departments {
		busy := map[[2]int]bool{} // a department's classes never overlap, so that no student has two at once
		for m := range modulesPerDepartment {
			module := Module{ID: fmt.Sprintf("%s-%d", dept.prefix, 101+100*(m%3)+m)}
			for _, kind := range []string{"lecture", "seminar"} {
				module.slots = append(module.slots, drawSlot(r, kind, busy, taken))
			}
			for i := range departmentSize {
				if takes(i, m) {
					module.Students = append(module.Students, c.Students[d*departmentSize+i].ID)
				}
			}
			slices.Sort(module.Students)
			all = append(all, module)
		}
	}
	return all
}

// takes spreads the students of a department over its modules: two each, or three for every other one.
func takes(student, module int) bool {
	place := (module - student%modulesPerDepartment + modulesPerDepartment) % modulesPerDepartment
	return place < 2+student%2
}

// drawSlot finds an hour free in the department and a room free in that hour.
func drawSlot(r *rand.Rand, kind string, busy map[[2]int]bool, taken map[slot]bool) slot {
	rooms := Rooms()
	for {
		s := slot{r.IntN(5), firstHour + r.IntN(lastHour-firstHour+1), rooms[r.IntN(len(rooms))].ID, ""}
		if hour := [2]int{s.day, s.hour}; !busy[hour] && !taken[s] {
			busy[hour], taken[s] = true, true
			s.kind = kind
			return s
		}
	}
}

// term writes the weeks before the reference Monday into dated sessions. A few were cancelled.
func (c *Campus) term() []model.Session {
	var all []model.Session
	for week := range weeksBefore {
		for _, m := range c.Modules {
			for k, s := range m.slots {
				y, mo, d := c.First.AddDate(0, 0, 7*week+s.day).Date()
				start := time.Date(y, mo, d, s.hour, 0, 0, 0, London)
				session := model.Session{
					ID:   fmt.Sprintf("%s-w%d-%d", m.ID, week+1, k+1),
					Room: s.room, Start: start, End: start.Add(time.Hour), Students: m.Students,
				}
				c.module[session.ID], c.kind[session.ID] = m.ID, s.kind
				all = append(all, session)
			}
		}
	}
	slices.SortFunc(all, func(a, b model.Session) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
	r := c.rng("cancelled")
	for _, i := range r.Perm(len(all))[:cancelledCount] {
		all[i].Cancelled = true
	}
	return all
}

// darkAfternoon is in the fifth week: the science building's gateway was dead from half past twelve to five.
func (c *Campus) darkAfternoon() Outage {
	y, m, d := c.First.AddDate(0, 0, 7*4+2).Date()
	return Outage{"science", model.Interval{
		From: time.Date(y, m, d, 12, 30, 0, 0, London), To: time.Date(y, m, d, 17, 0, 0, 0, London),
	}}
}
