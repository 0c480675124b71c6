package scenario

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// table is a CSV file as a registry would export it: the importer takes in nothing else.
func table(header []string, rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.WriteAll(append([][]string{header}, rows...)) // a buffer takes everything
	return b.Bytes()
}

func (f *File) termsSheet() []byte {
	var rows [][]string
	for _, t := range f.Terms {
		rows = append(rows, []string{t.Name, t.Name, t.From.String(), t.To.String()})
	}
	return table([]string{"term_id", "name", "first_day", "last_day"}, rows)
}

func (f *File) holidaysSheet() []byte {
	var rows [][]string
	for _, day := range slices.Sorted(maps.Keys(f.Holidays)) {
		rows = append(rows, []string{day, f.Holidays[day]})
	}
	return table([]string{"day", "name"}, rows)
}

func (f *File) roomsSheet() []byte {
	var rows [][]string
	for _, p := range f.points() {
		rows = append(rows, []string{p.building, p.building, p.room, p.room, p.id, p.direction()})
	}
	return table([]string{"building_id", "building_name", "room_id", "room_name", "point_id", "direction"}, rows)
}

func (f *File) studentsSheet() []byte {
	var rows [][]string
	for _, name := range f.names() {
		p := f.People[name]
		rows = append(rows, []string{f.number(name), name, p.Department, p.Programme, p.Level, yes(p.Visa), p.Delivery})
	}
	return table([]string{"student_id", "name", "department", "programme", "level", "visa", "delivery"}, rows)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// cards are the cards of everybody at the start, those without one given being made up.
func (f *File) cards() map[string][]string {
	cards := map[string][]string{}
	for i, name := range f.names() {
		switch given := f.People[name].Cards; {
		case slices.Equal(given, many[string]{noCard}):
		case len(given) > 0:
			cards[name] = given
		default:
			cards[name] = []string{"w26:1:" + strconv.Itoa(i+1)}
		}
	}
	return cards
}

// noCard is the card of somebody who has none.
const noCard = "none"

func (f *File) cardsSheet() []byte {
	var rows [][]string
	cards := f.cards()
	for _, name := range slices.Sorted(maps.Keys(cards)) {
		for _, card := range cards[name] {
			rows = append(rows, []string{f.number(name), card, "", "", ""})
		}
	}
	return cardSheet(rows)
}

func cardSheet(rows [][]string) []byte {
	return table([]string{"student_id", "card", "valid_from", "valid_to", "status"}, rows)
}

var sessionColumns = []string{"event_id", "date", "start", "end", "room_id", "module_id", "type", "mandatory", "delivery", "staff_id", "student_id", "delete"}

// sessionsSheet states sessions as they stand.
func (f *File) sessionsSheet(sessions []*session) []byte {
	var rows [][]string
	for _, s := range sessions {
		for _, room := range orNone(s.rooms) {
			for _, student := range orNone(s.students) {
				rows = append(rows, f.sessionRow(s, room, student))
			}
		}
	}
	return table(sessionColumns, rows)
}

// orNone is a list with at least one entry, so that a line is there for what has none.
func orNone(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

func (f *File) sessionRow(s *session, room, student string) []string {
	c := s.class
	module := c.Module
	if module == "" {
		module = c.Name
	}
	if student != "" {
		student = f.number(student)
	}
	from, to := s.starts.In(calendar.London), s.ends.In(calendar.London)
	return []string{
		s.id, calendar.DayOf(s.starts).String(), from.Format("15:04:05Z07:00"), to.Format("15:04:05Z07:00"), room, module, c.Kind,
		yes(c.Mandatory == nil || *c.Mandatory), c.Delivery, c.Staff, student, "",
	}
}

// deletions takes students off the list of a session, or cancels it when none are named.
func (f *File) deletions(session string, students []string) []byte {
	var rows [][]string
	for _, student := range orNone(students) {
		if student != "" {
			student = f.number(student)
		}
		rows = append(rows, []string{session, "", "", "", "", "", "", "", "", "", student, "yes"})
	}
	return table(sessionColumns, rows)
}

// absenceSheet is one absence that was asked for.
func (f *File) absenceSheet(a Absence) []byte {
	var approvals []string
	for _, role := range slices.Sorted(maps.Keys(a.Approvals)) {
		approvals = append(approvals, role+": "+a.Approvals[role])
	}
	return table([]string{"student_id", "from", "to", "reason", "approved_by", "approvals"}, [][]string{
		{f.number(a.Student), a.From.text, a.To.text, a.Reason, a.ApprovedBy, strings.Join(approvals, "; ")},
	})
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }
