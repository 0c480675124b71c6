package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/config/document"
)

// Parse reads one scenario; path is its name in faults, and files are named from its folder. A faulty document gives
// config.Faults: every fault at once, each with its line and what to write instead.
func Parse(path string, text []byte) (*File, error) {
	f := &File{path: path}
	err := document.Read(path, text, f, func(c *document.Checker) { (&reader{Checker: c, File: f}).check() })
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return f, nil
}

// reader checks a scenario that could be decoded.
type reader struct {
	*document.Checker
	*File
	plan plan
	day  calendar.Day // of the step that is checked
	now  time.Time
	keys map[string][]string
}

func (r *reader) check() {
	if r.Title == "" {
		r.Fault("scenario", "missing; say in a sentence what the scenario shows")
	}
	if len(r.Steps) == 0 {
		r.Fault("steps", "missing; without a step nothing happens and nothing is expected")
	}
	r.policy("policy", r.Policy)
	r.terms()
	for _, day := range slices.Sorted(maps.Keys(r.Holidays)) {
		r.holiday("holidays."+day, day)
	}
	for _, name := range r.names() {
		r.person(name)
	}
	for i := range r.Timetable {
		r.class(fmt.Sprintf("timetable[%d]", i), i)
	}
	r.makePlan()
	for i := range r.Attends {
		r.attends(fmt.Sprintf("attends[%d]", i), &r.Attends[i])
	}
	r.keys = r.File.cards()
	for i := range r.Steps {
		r.step(fmt.Sprintf("steps[%d]", i), &r.Steps[i])
	}
}

// policy reads the policy as central will, so that its faults are told with the line of the scenario.
func (r *reader) policy(path string, p Policy) {
	if p.StartFrom != "" && p.File != "" {
		r.Fault(path+".file", "there is start_from too; write one of the two")
		return
	}
	text, err := p.text(r.dir())
	if err != nil {
		r.Fault(path, "%v", err)
		return
	}
	if _, err := policy.Parse(p.name(), text); err != nil {
		r.Fault(path, "the policy has faults: %v", err)
	}
}

func (r *reader) terms() {
	for i, t := range r.Terms {
		path := fmt.Sprintf("terms[%d]", i)
		r.need(path+".term", t.Name)
		r.needDay(path+".from", t.From)
		r.needDay(path+".to", t.To)
		if t.To.Before(t.From) {
			r.Fault(path+".to", "the term ends on %s, before it begins on %s", t.To, t.From)
		}
	}
}

func (r *reader) holiday(path, day string) {
	d, err := calendar.ParseDay(day)
	if err != nil {
		r.Fault(path, "%v", err)
	} else if known := calendar.BankHoliday(d); known != "" {
		r.Fault(path, "%s is known already as %s; delete the line", day, known)
	}
	r.need(path, r.Holidays[day])
}

func (r *reader) need(path, value string) {
	if value == "" {
		r.Fault(path, "missing")
	}
}

func (r *reader) needDay(path string, d calendar.Day) {
	if d == (calendar.Day{}) {
		r.Fault(path, "missing; write a day, for example 2026-10-05")
	}
}

func (r *reader) person(name string) {
	if d := r.People[name].Delivery; d != "" && !slices.Contains(policy.Deliveries, d) {
		r.Fault("people."+name+".delivery", "%q is not a way to study; write one of %v", d, policy.Deliveries)
	}
	for i, card := range r.People[name].Cards {
		if card != noCard {
			r.card(fmt.Sprintf("people.%s.card[%d]", name, i), card)
		}
	}
	if name == allPeople || strings.Contains(name, " and ") || strings.Contains(name, " at ") || strings.HasPrefix(name, "card ") {
		r.Fault("people."+name, "%q cannot be told from other words of a scenario; write another name", name)
	}
}

func (r *reader) card(path, card string) {
	if err := timetable.CheckCard(card); err != nil {
		r.Fault(path, "%v", err)
	}
}

func (r *reader) class(path string, i int) {
	c := &r.Timetable[i]
	r.need(path+".class", c.Name)
	if slices.Contains(r.classes()[:i], c.Name) {
		r.Fault(path+".class", "there is another class %q; give each its own name, and the same module if they are of one", c.Name)
	}
	if !c.Time.isSet() {
		r.Fault(path+".time", "missing; write for example 09:00-10:00")
	}
	if len(c.On) == 0 && len(c.Days) == 0 {
		r.Fault(path+".on", "missing; write the days, on: [2026-10-05], or the days of the week, days: [Mon], with from and to")
	}
	if len(c.Days) > 0 {
		r.needDay(path+".from", c.From)
		r.needDay(path+".to", c.To)
	}
	if len(c.Rooms) == 0 && c.Delivery != "online" {
		r.Fault(path+".room", "missing; only a class with delivery: online has none")
	}
	r.rooms(path+".room", c.Rooms)
	r.students(path+".students", c.Students)
}

func (r *reader) rooms(path string, rooms []string) {
	for i, room := range rooms {
		if !slices.ContainsFunc(r.points(), func(p point) bool { return p.room == room }) {
			r.Fault(fmt.Sprintf("%s[%d]", path, i), "there is no room %q under places; rooms are %s", room, shownList(r.roomNames()))
		}
	}
}

func (r *reader) roomNames() []string {
	var rooms []string
	for _, p := range r.points() {
		rooms = append(rooms, p.room)
	}
	return slices.Compact(rooms)
}

func (r *reader) students(path string, students []string) {
	for i, name := range students {
		if name != allPeople {
			r.student(fmt.Sprintf("%s[%d]", path, i), name)
		}
	}
}

// student checks a name. Students who come with a file are known by their numbers, and only once it is imported.
func (r *reader) student(path, name string) {
	if _, known := r.People[name]; known || r.imports(timetable.Students) && name != "" {
		return
	}
	if name == "" {
		r.Fault(path, "missing; write the name of somebody under people")
		return
	}
	r.Fault(path, "nobody under people is called %q; people are %s", name, shownList(r.names()))
}

func (r *reader) imports(kind timetable.Kind) bool {
	return slices.ContainsFunc(r.Steps, func(s Step) bool {
		return slices.ContainsFunc(s.Import, func(i Import) bool { return i.Kind == string(kind) })
	})
}

// makePlan is after the classes were checked, and silent about what they lack.
func (r *reader) makePlan() {
	seen := map[string]bool{}
	for i := range r.Timetable {
		meetings, err := r.Timetable[i].meetings(r.names())
		if err != nil {
			r.Fault(fmt.Sprintf("timetable[%d].time", i), "%v", err)
		}
		for _, s := range meetings {
			if !seen[s.id] {
				r.plan = append(r.plan, s)
			}
			seen[s.id] = true
		}
	}
	r.plan.order()
}

func (r *reader) attends(path string, a *Attends) {
	if len(a.Students) == 0 {
		r.Fault(path+".students", "missing; write who comes, or %s", allPeople)
	}
	r.students(path+".students", a.Students)
	for i, class := range a.Classes {
		r.className(fmt.Sprintf("%s.classes[%d]", path, i), class)
	}
	for _, class := range a.meant(r.File) {
		if n := len(a.meetings(r.plan.of(class))); len(a.Row) > n {
			r.Fault(path+".row", "the row speaks of %d meetings, but %s meets %d times on these days", len(a.Row), class, n)
		}
	}
}

func (r *reader) className(path, class string) {
	if !slices.Contains(r.classes(), class) {
		r.Fault(path, "there is no class %q in the timetable; classes are %s", class, shownList(r.classes()))
	}
}

// buildingNames are in messages.
func (r *reader) buildingNames() []string { return slices.Sorted(maps.Keys(r.Places)) }
