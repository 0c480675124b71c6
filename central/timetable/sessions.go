package timetable

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// sessionsFile is timetable.csv with the columns of RULES section 2: every line names an event and may add to it a room and
// a student who is expected there. Lines of one event must agree on everything else.
type sessionsFile struct {
	window   Window
	complete bool

	events map[string]*event
	order  []*event
	days   map[calendar.Day]bool // that the file speaks of
}

// event is what a file says of one session.
type event struct {
	id       string
	at       int // its first line
	facts    facts
	stated   int // the first line that states the facts; 0 if every line deletes
	deleted  int // the line that deletes the session; 0 if none does
	rooms    lines
	students lines
	leaving  lines // students whose lines say delete
}

// facts are what the lines of one event must agree on.
type facts struct {
	starts, ends                  time.Time
	module, kind, delivery, staff string
	mandatory                     bool
}

func (f *sessionsFile) columns() []column {
	return []column{
		{name: "event_id"}, {name: "date"}, {name: "start"}, {name: "end"}, {name: "room_id"}, {name: "module_id"},
		{name: "type", optional: true}, {name: "mandatory", optional: true}, {name: "delivery", optional: true},
		{name: "staff_id", optional: true}, {name: "student_id", optional: true}, {name: "delete", optional: true},
	}
}

func (f *sessionsFile) line(r row) {
	id, ok1 := r.id("event_id")
	student, ok2 := r.optionalID("student_id")
	remove, ok3 := r.yes("delete", false)
	if !ok1 || !ok2 || !ok3 {
		return
	}
	e := f.event(r, id)
	if remove {
		f.remove(r, e, student)
		return
	}
	said, ok := f.facts(r)
	room, okRoom := f.room(r)
	if !ok || !okRoom || !e.agrees(r, said) {
		return
	}
	if room != "" {
		e.rooms.note(room, r.line)
	}
	if student != "" {
		e.students.note(student, r.line)
	}
}

func (f *sessionsFile) event(r row, id string) *event {
	if f.events == nil {
		f.events, f.days = map[string]*event{}, map[calendar.Day]bool{}
	}
	e := f.events[id]
	if e == nil {
		e = &event{id: id, at: r.line, rooms: lines{}, students: lines{}, leaving: lines{}}
		f.events[id] = e
		f.order = append(f.order, e)
	}
	return e
}

// remove takes in a line that deletes: with a student it takes the student off the list, without one it cancels the session.
func (f *sessionsFile) remove(r row, e *event, student string) {
	if student != "" {
		e.leaving.note(student, r.line)
	} else if e.deleted == 0 {
		e.deleted = r.line
	}
}

// note keeps the first line that named a key.
func (l lines) note(key string, line int) {
	if _, seen := l[key]; !seen {
		l[key] = line
	}
}

// room is empty only for what is held online.
func (f *sessionsFile) room(r row) (string, bool) {
	if r.text("room_id") == "" && r.text("delivery") == "online" {
		return "", true
	}
	return r.id("room_id")
}

func (f *sessionsFile) facts(r row) (facts, bool) {
	var said facts
	day, ok := r.day("date")
	if !ok {
		return said, false
	}
	starts, ok1 := r.clock("start", day)
	ends, ok2 := r.clock("end", day)
	module, ok3 := r.id("module_id")
	mandatory, ok4 := r.yes("mandatory", true)
	delivery, ok5 := r.delivery()
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return said, false
	}
	if !starts.Before(ends) {
		r.fault("end", fmt.Sprintf("the session ends at %s, not after its start at %s", r.text("end"), r.text("start")), "")
		return said, false
	}
	f.days[day] = true
	return facts{
		starts: starts, ends: ends, module: module, kind: r.text("type"), delivery: delivery, staff: r.text("staff_id"), mandatory: mandatory,
	}, true
}

func (r row) clock(column string, day calendar.Day) (time.Time, bool) {
	v, ok := r.need(column)
	if !ok {
		return time.Time{}, false
	}
	t, problem, advice := at(day, v)
	if problem != "" {
		r.fault(column, problem, advice)
		return time.Time{}, false
	}
	return t, true
}

func (r row) delivery() (string, bool) {
	v := r.text("delivery")
	if slices.Contains([]string{"", "in_person", "online", "hybrid"}, v) {
		return v, true
	}
	r.fault("delivery", shown(v)+" is not a way of delivery", "write in_person, online or hybrid")
	return "", false
}

// agrees takes the facts of the first line and holds the others to them.
func (e *event) agrees(r row, said facts) bool {
	if e.stated == 0 {
		e.facts, e.stated = said, r.line
		return true
	}
	for _, c := range []struct {
		column string
		same   bool
	}{
		{"start", said.starts.Equal(e.facts.starts)}, {"end", said.ends.Equal(e.facts.ends)},
		{"module_id", said.module == e.facts.module}, {"type", said.kind == e.facts.kind},
		{"mandatory", said.mandatory == e.facts.mandatory}, {"delivery", said.delivery == e.facts.delivery},
		{"staff_id", said.staff == e.facts.staff},
	} {
		if !c.same {
			r.fault(c.column, fmt.Sprintf("line %d says something else of event %s", e.stated, shown(e.id)), "make the lines of one event agree")
			return false
		}
	}
	return true
}
