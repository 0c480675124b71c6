package timetable

import (
	"context"
	"fmt"
	"strings"

	"github.com/rollcall-edge/rollcall/central/sheet"
)

// roomsFile is rooms.csv: one line for each point, or for a room without one.
type roomsFile struct {
	places Places
	rooms  []roomLine
	line1  map[string]int // "building x", "room x" and "point x" to the line that said it first
}

func (f *roomsFile) columns() []sheet.Column {
	return []sheet.Column{
		{Name: "building_id"}, {Name: "building_name"}, {Name: "room_id"}, {Name: "room_name"}, {Name: "point_id", Optional: true},
		{Name: "direction", Optional: true}, {Name: "offsite", Optional: true}, {Name: "approved", Optional: true},
	}
}

// roomLine is what lines say of a room.
type roomLine struct {
	room              Room
	offSite, approved stated // a file that does without these columns leaves them as they are
}

// stated is yes, no, or nothing.
type stated string

// of is what was stated, or what is so already.
func (s stated) of(already bool) bool { return s == "yes" || s == "" && already }

func yesNo(r sheet.Row, column string) (stated, bool) {
	yes, ok := r.Yes(column, false)
	switch {
	case r.Text(column) == "":
		return "", ok
	case yes:
		return "yes", ok
	}
	return "no", ok
}

func (f *roomsFile) line(r sheet.Row) {
	building, ok1 := r.ID("building_id")
	room, ok2 := r.ID("room_id")
	point, ok3 := r.OptionalID("point_id")
	exit, ok4 := direction(r)
	offSite, ok5 := yesNo(r, "offsite")
	approved, ok6 := yesNo(r, "approved")
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 {
		return
	}
	if f.line1 == nil {
		f.line1 = map[string]int{}
	}
	add(r, f.line1, "building_name", "building", building, Building{building, or(r.Text("building_name"), building)}, &f.places.Buildings)
	add(r, f.line1, "room_id", "room", room, roomLine{Room{ID: room, Building: building, Name: or(r.Text("room_name"), room)}, offSite, approved}, &f.rooms)
	if point != "" {
		add(r, f.line1, "point_id", "point", point, Point{point, room, exit}, &f.places.Points)
	}
}

// direction reads whether a point is one at which people leave; left out, they come in.
func direction(r sheet.Row) (exit, ok bool) {
	switch d := strings.ToLower(r.Text("direction")); d {
	case "", "in":
		return false, true
	case "out":
		return true, true
	default:
		r.Fault("direction", sheet.Shown(d)+" is neither in nor out", "write out for a reader at which people leave")
		return false, false
	}
}

// add takes a thing in unless an earlier line said the same; an earlier line that said something else is a fault.
func add[V comparable](r sheet.Row, first map[string]int, column, what, id string, v V, into *[]V) {
	key := what + " " + id
	if line, seen := first[key]; seen {
		for _, other := range *into {
			if other == v {
				return
			}
		}
		r.Fault(column, fmt.Sprintf("line %d says something else of %s %s", line, what, sheet.Shown(id)), "make the lines agree")
		return
	}
	first[key] = r.Line
	*into = append(*into, v)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (f *roomsFile) plan(ctx context.Context, state State, p *plan) error {
	present, err := state.Places(ctx)
	if err != nil {
		return err
	}
	buildings := keyed(present.Buildings, func(b Building) string { return b.ID })
	for _, b := range f.places.Buildings {
		if upsert(p, "building "+b.ID, b.ID, b, buildings, equal) {
			p.change.Buildings = append(p.change.Buildings, b)
		}
	}
	rooms := keyed(present.Rooms, func(r Room) string { return r.ID })
	for _, line := range f.rooms {
		r := line.room
		r.OffSite = line.offSite.of(rooms[r.ID].OffSite)
		r.Approved = r.OffSite && line.approved.of(rooms[r.ID].Approved)
		if upsert(p, "room "+r.ID, r.ID, r, rooms, equal) {
			p.change.Rooms = append(p.change.Rooms, r)
		}
	}
	points := keyed(present.Points, func(p Point) string { return p.ID })
	for _, t := range f.places.Points {
		if upsert(p, "point "+t.ID, t.ID, t, points, equal) {
			p.change.Points = append(p.change.Points, t)
			p.change.AllDirty = true // taps at the point now belong to another room
		}
	}
	return nil
}
