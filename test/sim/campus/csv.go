package campus

import (
	"encoding/csv"
	"fmt"
	"io"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// File is one CSV file as central's import takes it.
type File struct {
	Kind  string // the import's name for it
	Name  string
	Write func(io.Writer) error
}

// Files are the campus in the order in which central can take it in.
func (c *Campus) Files() []File {
	return []File{
		{"terms", "terms.csv", c.writeTerms},
		{"rooms", "rooms.csv", writeRooms},
		{"students", "students.csv", c.writeStudents},
		{"cards", "cards.csv", c.writeCards},
		{"timetable", "timetable.csv", func(w io.Writer) error { return c.WriteTimetable(w, c.Sessions) }},
		{"timetable", "cancelled.csv", func(w io.Writer) error { return WriteCancelled(w, cancelledOf(c.Sessions)) }},
		{"absences", "absences.csv", c.writeAbsences},
	}
}

func cancelledOf(sessions []model.Session) []string {
	var ids []string
	for _, s := range sessions {
		if s.Cancelled {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// write makes a file of a head and the lines that each yields.
func write(w io.Writer, head []string, each func(line func(...string))) error {
	out := csv.NewWriter(w)
	var failed error
	line := func(cells ...string) {
		if failed == nil {
			failed = out.Write(cells)
		}
	}
	line(head...)
	each(line)
	out.Flush()
	if failed == nil {
		failed = out.Error()
	}
	if failed != nil {
		return fmt.Errorf("write csv: %w", failed)
	}
	return nil
}

func day(t time.Time) string { return t.In(London).Format(time.DateOnly) }

// clock has the offset with it, so that the hour that exists twice in autumn is no riddle.
func clock(t time.Time) string { return t.In(London).Format("15:04:05-07:00") }

func (c *Campus) writeTerms(w io.Writer) error {
	return write(w, []string{"term_id", "name", "first_day", "last_day"}, func(line func(...string)) {
		line("term-"+day(c.First), "Term of "+c.First.Format("January 2006"), day(c.First), day(c.Last))
	})
}

func writeRooms(w io.Writer) error {
	return write(w, []string{"building_id", "building_name", "room_id", "room_name", "point_id"}, func(line func(...string)) {
		for _, b := range Buildings {
			for _, r := range b.Rooms {
				line(b.ID, b.Name, r.ID, r.Name, r.Point())
			}
		}
	})
}

func (c *Campus) writeStudents(w io.Writer) error {
	yes := map[bool]string{true: "yes", false: "no"}
	return write(w, []string{"student_id", "name", "email", "department", "programme", "level", "visa"}, func(line func(...string)) {
		for i := range c.Students {
			s := &c.Students[i]
			line(s.ID, s.Name, s.Email(), s.Department, s.Programme, s.Level, yes[s.Visa])
		}
	})
}

func (c *Campus) writeCards(w io.Writer) error {
	return write(w, []string{"student_id", "card", "valid_from", "valid_to", "status"}, func(line func(...string)) {
		for i := range c.Students {
			s := &c.Students[i]
			for _, c := range s.Cards() {
				line(s.ID, c.Key, "", "", "active")
			}
		}
	})
}

var timetableHead = []string{
	"event_id", "date", "start", "end", "room_id", "module_id", "type", "mandatory", "delivery", "staff_id", "student_id", "delete",
}

// WriteTimetable writes sessions with a line for each student expected.
func (c *Campus) WriteTimetable(w io.Writer, sessions []model.Session) error {
	return write(w, timetableHead, func(line func(...string)) {
		for _, s := range sessions {
			for _, student := range s.Students {
				line(s.ID, day(s.Start), clock(s.Start), clock(s.End), s.Room, c.module[s.ID], c.kind[s.ID], "yes", "in_person", "", student, "")
			}
		}
	})
}

// WriteCancelled writes lines that cancel sessions.
func WriteCancelled(w io.Writer, ids []string) error {
	return write(w, timetableHead, func(line func(...string)) {
		for _, id := range ids {
			line(id, "", "", "", "", "", "", "", "", "", "", "yes")
		}
	})
}

func (c *Campus) writeAbsences(w io.Writer) error {
	return write(w, []string{"student_id", "from", "to", "reason", "approved_by"}, func(line func(...string)) {
		for _, a := range c.Absences {
			line(a.Student, day(a.From), day(a.To), a.Reason, "attendance office")
		}
	})
}
