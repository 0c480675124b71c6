// Package campus makes up a university from one seed and one instant: buildings, students with their cards and habits, a
// timetable, a term of taps as the doors heard them, and the classes that are on now. The same seed and instant give the same
// campus. It starts no program and judges nobody; what marks follow is said by the package model below it.
package campus

import (
	"math/rand/v2"
	"time"
	_ "time/tzdata" // terms and days are London's, also on a machine that knows no zones

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// London is the zone of the timetable.
var London = mustLoad("Europe/London")

func mustLoad(name string) *time.Location {
	l, err := time.LoadLocation(name)
	if err != nil {
		panic("time zone " + name + " is not embedded: " + err.Error())
	}
	return l
}

// The size of the campus and of its term.
const (
	studentCount   = 600
	departmentSize = 75
	weeksBefore    = 8 // of teaching before the reference Monday
	weeksAfter     = 4
	perRoom        = 50 // students of a class that is on now
)

// Campus is a university and its term so far. Only Live adds to it; use it from one goroutine.
type Campus struct {
	Seed     uint64
	Monday   time.Time // of the week of the reference instant, 00:00 in London
	First    time.Time // first day of the term, 00:00 in London
	Last     time.Time // last day of the term, 00:00 in London
	Students []Student
	Modules  []Module
	Sessions []model.Session // of the weeks before Monday, by start
	Absences []Absence
	Dark     Outage // an afternoon on which one building's gateway was dead

	module map[string]string // session → module
	kind   map[string]string // session → lecture or seminar
	habits []habit
}

// Outage is a time in which a building's readers heard nothing.
type Outage struct {
	Building string
	model.Interval
}

// Absence is an authorised absence with its reason.
type Absence struct {
	model.Absence
	Reason string
}

// New makes the campus of a seed as it stands at now.
func New(seed uint64, now time.Time) *Campus {
	monday := mondayOf(now)
	c := &Campus{
		Seed: seed, Monday: monday,
		module: map[string]string{}, kind: map[string]string{},
		First: monday.AddDate(0, 0, -7*weeksBefore), Last: monday.AddDate(0, 0, 7*weeksAfter-1),
	}
	c.Students = c.people()
	c.Modules = c.modules()
	c.Sessions = c.term()
	c.Dark = c.darkAfternoon()
	c.habits = c.drawHabits()
	c.Absences = c.absences()
	return c
}

// Over reports whether the term has ended by now: a campus kept for longer has no classes any more.
func (c *Campus) Over(now time.Time) bool { return !now.Before(c.Last.AddDate(0, 0, 1)) }

func mondayOf(now time.Time) time.Time {
	y, m, d := now.In(London).Date()
	day := time.Date(y, m, d, 0, 0, 0, 0, London)
	return day.AddDate(0, 0, -((int(day.Weekday()) + 6) % 7))
}

// rng is a source of chance for one purpose: what one part draws never shifts another part.
func (c *Campus) rng(purpose string) *rand.Rand {
	var h uint64 = 14695981039346656037 // FNV-1a
	for i := range len(purpose) {
		h = (h ^ uint64(purpose[i])) * 1099511628211
	}
	return rand.New(rand.NewPCG(c.Seed, h)) //nolint:gosec // the same seed must give the same campus
}

// between draws a duration in [low, high).
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}
