package timetable

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/sheet"
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
	rooms    sheet.Lines
	students sheet.Lines
	leaving  sheet.Lines // students whose lines say delete
}

// facts are what the lines of one event must agree on.
type facts struct {
	starts, ends                  time.Time
	module, kind, delivery, staff string
	mandatory                     bool
}

func (f *sessionsFile) columns() []sheet.Column {
	return []sheet.Column{
		{Name: "event_id"}, {Name: "date"}, {Name: "start"}, {Name: "end"}, {Name: "room_id"}, {Name: "module_id"},
		{Name: "type", Optional: true}, {Name: "mandatory", Optional: true}, {Name: "delivery", Optional: true},
		{Name: "staff_id", Optional: true}, {Name: "student_id", Optional: true}, {Name: "delete", Optional: true},
	}
}

func (f *sessionsFile) line(r sheet.Row) {
	id, ok1 := r.ID("event_id")
	student, ok2 := r.OptionalID("student_id")
	remove, ok3 := r.Yes("delete", false)
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
		e.rooms.Note(room, r.Line)
	}
	if student != "" {
		e.students.Note(student, r.Line)
	}
}

func (f *sessionsFile) event(r sheet.Row, id string) *event {
	if f.events == nil {
		f.events, f.days = map[string]*event{}, map[calendar.Day]bool{}
	}
	e := f.events[id]
	if e == nil {
		e = &event{id: id, at: r.Line, rooms: sheet.Lines{}, students: sheet.Lines{}, leaving: sheet.Lines{}}
		f.events[id] = e
		f.order = append(f.order, e)
	}
	return e
}

// remove takes in a line that deletes: with a student it takes the student off the list, without one it cancels the session.
func (f *sessionsFile) remove(r sheet.Row, e *event, student string) {
	if student != "" {
		e.leaving.Note(student, r.Line)
	} else if e.deleted == 0 {
		e.deleted = r.Line
	}
}

// room is empty only for what is held online.
func (f *sessionsFile) room(r sheet.Row) (string, bool) {
	if r.Text("room_id") == "" && r.Text("delivery") == "online" {
		return "", true
	}
	return r.ID("room_id")
}

func (f *sessionsFile) facts(r sheet.Row) (facts, bool) {
	var said facts
	day, ok := r.Day("date")
	if !ok {
		return said, false
	}
	starts, ok1 := r.Clock("start", day)
	ends, ok2 := r.Clock("end", day)
	module, ok3 := r.ID("module_id")
	mandatory, ok4 := r.Yes("mandatory", true)
	delivery, ok5 := deliveryOf(r)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return said, false
	}
	if !starts.Before(ends) {
		r.Fault("end", fmt.Sprintf("the session ends at %s, not after its start at %s", r.Text("end"), r.Text("start")), "")
		return said, false
	}
	f.days[day] = true
	return facts{
		starts: starts, ends: ends, module: module, kind: r.Text("type"), delivery: delivery, staff: r.Text("staff_id"), mandatory: mandatory,
	}, true
}

func deliveryOf(r sheet.Row) (string, bool) {
	v := r.Text("delivery")
	if slices.Contains([]string{"", "in_person", "online", "hybrid"}, v) {
		return v, true
	}
	r.Fault("delivery", sheet.Shown(v)+" is not a way of delivery", "write in_person, online or hybrid")
	return "", false
}

// agrees takes the facts of the first line and holds the others to them.
func (e *event) agrees(r sheet.Row, said facts) bool {
	if e.stated == 0 {
		e.facts, e.stated = said, r.Line
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
			r.Fault(c.column, fmt.Sprintf("line %d says something else of event %s", e.stated, sheet.Shown(e.id)), "make the lines of one event agree")
			return false
		}
	}
	return true
}
