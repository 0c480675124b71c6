package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// session is one meeting of a class, as it stands at the moment: steps move it, cancel it and change its list.
type session struct {
	id        string // "Land Law 2026-10-05"
	class     *Class
	starts    time.Time
	ends      time.Time
	rooms     []string
	students  []string // names, ascending
	cancelled bool
}

// plan is the timetable of a scenario, by the start of the sessions.
type plan []*session

// sessionName is how a meeting of a class is called.
func sessionName(class string, day calendar.Day) string { return class + " " + day.String() }

// meetings are the sessions of a class, in order of time. An error is of the clock.
func (c *Class) meetings(everybody []string) ([]*session, error) {
	var all []*session
	for _, day := range c.meetsOn() {
		starts, err := c.Time.from.on(day)
		if err != nil {
			return nil, err
		}
		ends, err := c.Time.to.on(day)
		if err != nil {
			return nil, err
		}
		students := slices.Clone([]string(c.Students))
		if slices.Equal(students, []string{allPeople}) {
			students = slices.Clone(everybody)
		}
		slices.Sort(students)
		all = append(all, &session{
			id: sessionName(c.Name, day), class: c, starts: starts, ends: ends, rooms: slices.Clone([]string(c.Rooms)), students: slices.Compact(students),
		})
	}
	return all, nil
}

// allPeople stands for everybody in a scenario.
const allPeople = "everybody"

// meetsOn are the days of a class, ascending.
func (c *Class) meetsOn() []calendar.Day {
	days := slices.Clone([]calendar.Day(c.On))
	if len(c.Days) > 0 {
		for d := c.From; !c.To.Before(d); d = d.Add(1) {
			if slices.Contains(c.Days, Weekday(d.Weekday())) && !slices.Contains(c.Except, d) {
				days = append(days, d)
			}
		}
	}
	slices.SortFunc(days, compareDays)
	return slices.Compact(days)
}

func compareDays(a, b calendar.Day) int { return cmp.Compare(b.Until(a), 0) }

// order is by start, so that rows count meetings as they come.
func (p plan) order() {
	slices.SortStableFunc(p, func(a, b *session) int { return cmp.Or(a.starts.Compare(b.starts), cmp.Compare(a.id, b.id)) })
}

// named finds a session by its whole name, or by its class: then it is the meeting on the day, or the only one there is.
func (p plan) named(name string, day calendar.Day) *session {
	var of []*session
	for _, s := range p {
		if s.id == name {
			return s
		}
		if s.class.Name == name {
			of = append(of, s)
		}
	}
	for _, s := range of {
		if calendar.DayOf(s.starts) == day {
			return s
		}
	}
	if len(of) == 1 {
		return of[0]
	}
	return nil
}

// of are the meetings of a class.
func (p plan) of(class string) []*session {
	var of []*session
	for _, s := range p {
		if s.class.Name == class {
			of = append(of, s)
		}
	}
	return of
}

// classes are the names of all classes, for messages.
func (f *File) classes() []string {
	names := make([]string, len(f.Timetable))
	for i := range f.Timetable {
		names[i] = f.Timetable[i].Name
	}
	return names
}

// names are those of all people, ascending.
func (f *File) names() []string { return slices.Sorted(maps.Keys(f.People)) }

// number is a person's student number; of somebody who came with an imported file, the name is the number.
func (f *File) number(name string) string { return cmp.Or(f.People[name].Number, name) }

// plan makes the sessions of the timetable.
func (f *File) plan() (plan, error) {
	var p plan
	for i := range f.Timetable {
		meetings, err := f.Timetable[i].meetings(f.names())
		if err != nil {
			return nil, fmt.Errorf("class %s: %w", f.Timetable[i].Name, err)
		}
		p = append(p, meetings...)
	}
	p.order()
	return p, nil
}

// point is where a reader hangs. A room without named readers has one at its door.
type point struct{ id, room, building string }

// direction is out for a reader at which people leave, which is called exit.
func (p point) direction() string {
	if strings.HasSuffix(p.id, "/exit") {
		return "out"
	}
	return "in"
}

// points are all readers, by building, room and name.
func (f *File) points() []point {
	var all []point
	for _, building := range slices.Sorted(maps.Keys(f.Places)) {
		rooms := f.Places[building]
		for _, room := range slices.Sorted(maps.Keys(rooms)) {
			for _, reader := range readersOf(rooms[room]) {
				all = append(all, point{id: room + "/" + reader, room: room, building: building})
			}
		}
	}
	return all
}

func readersOf(named []string) []string {
	if len(named) == 0 {
		return []string{"door"}
	}
	return named
}

// at are the readers that a place means: one by its name, or all of a room, those for coming in first.
func (f *File) at(place string) []point {
	var found []point
	for _, p := range f.points() {
		if p.id == place || p.room == place {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b point) int { return cmp.Compare(a.direction(), b.direction()) }) // in before out
	return found
}

// planned is a tap that attends tells of.
type planned struct {
	at      time.Time
	who     string
	session *session
}

// visits are the taps of those who attend, in order of time, as the plan stands.
func (f *File) visits(p plan) []planned {
	var all []planned
	for i := range f.Attends {
		a := &f.Attends[i]
		for _, who := range a.who(f) {
			all = append(all, a.of(who, f, p)...)
		}
	}
	slices.SortStableFunc(all, func(a, b planned) int { return a.at.Compare(b.at) })
	return all
}

func (a *Attends) who(f *File) []string {
	if slices.Equal([]string(a.Students), []string{allPeople}) {
		return f.names()
	}
	return a.Students
}

// of are the taps of one student. A row counts the meetings from the first day that the entry speaks of.
func (a *Attends) of(who string, f *File, p plan) []planned {
	var all []planned
	for _, class := range a.meant(f) {
		for i, s := range a.meetings(p.of(class)) {
			how := visit{comes: true, after: onTime}
			if len(a.Row) > 0 {
				how = visit{}
				if i < len(a.Row) {
					how = a.Row[i]
				}
			}
			if how.comes && slices.Contains(s.students, who) {
				all = append(all, planned{at: s.starts.Add(how.after), who: who, session: s})
			}
		}
	}
	return all
}

func (a *Attends) meant(f *File) []string {
	if len(a.Classes) == 0 {
		return f.classes()
	}
	return a.Classes
}

// meetings are those of the days that the entry speaks of.
func (a *Attends) meetings(all []*session) []*session {
	return slices.DeleteFunc(slices.Clone(all), func(s *session) bool {
		day := calendar.DayOf(s.starts)
		return a.From != (calendar.Day{}) && day.Before(a.From) || a.To != (calendar.Day{}) && a.To.Before(day) || slices.Contains(a.Except, day)
	})
}

// shownList is a list in a message.
func shownList(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
