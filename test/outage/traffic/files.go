package traffic

import (
	"encoding/csv"
	"errors"
	"io"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Files are what central is told.
func (r *Roster) Files(now time.Time) []campus.File {
	return []campus.File{terms(now), rooms(), r.people(), Cards("cards.csv", r.cards), Timetable("timetable.csv", r.Sessions)}
}

func terms(now time.Time) campus.File {
	first, last := now.AddDate(0, 0, -30).In(campus.London), now.AddDate(0, 0, 30).In(campus.London)
	head := []string{"term_id", "name", "first_day", "last_day"}
	return campus.File{Kind: "terms", Name: "terms.csv", Write: table(head, func(line func(...string)) {
		line("term", "Term of the laboratory", first.Format(time.DateOnly), last.Format(time.DateOnly))
	})}
}

func rooms() campus.File {
	head := []string{"building_id", "building_name", "room_id", "room_name", "point_id"}
	return campus.File{Kind: "rooms", Name: "rooms.csv", Write: table(head, func(line func(...string)) {
		for _, b := range campus.Buildings {
			for _, room := range b.Rooms {
				line(b.ID, b.Name, room.ID, room.Name, room.Point())
			}
		}
	})}
}

func (r *Roster) people() campus.File { return Students("students.csv", r.students) }

// Students is a file of students.
func Students(name string, ids []string) campus.File {
	head := []string{"student_id", "name", "email", "department", "programme", "level", "visa"}
	return campus.File{Kind: "students", Name: name, Write: table(head, func(line func(...string)) {
		for _, id := range ids {
			line(id, "Student "+id, "", "Laboratory", "BSc Outages", "5", "no")
		}
	})}
}

// Cards is a file of cards: student and key.
func Cards(name string, cards [][2]string) campus.File {
	head := []string{"student_id", "card", "valid_from", "valid_to", "status"}
	return campus.File{Kind: "cards", Name: name, Write: table(head, func(line func(...string)) {
		for _, c := range cards {
			line(c[0], c[1], "", "", "active")
		}
	})}
}

// Timetable is a file of classes.
func Timetable(name string, sessions []model.Session) campus.File {
	head := []string{"event_id", "date", "start", "end", "room_id", "module_id", "type", "mandatory", "delivery", "staff_id", "student_id", "delete"}
	const clock = "15:04:05-07:00" // with the offset, so that the hour that exists twice in autumn is no riddle
	return campus.File{Kind: "timetable", Name: name, Write: table(head, func(line func(...string)) {
		for _, s := range sessions {
			start, end := s.Start.In(campus.London), s.End.In(campus.London)
			for _, student := range s.Students {
				line(s.ID, start.Format(time.DateOnly), start.Format(clock), end.Format(clock), s.Room,
					"LAB-101", "lecture", "yes", "in_person", "", student, "")
			}
		}
	})}
}

// table writes a head and the lines that each yields.
func table(head []string, each func(line func(...string))) func(io.Writer) error {
	return func(w io.Writer) error {
		out := csv.NewWriter(w)
		failed := out.Write(head)
		each(func(cells ...string) {
			if failed == nil {
				failed = out.Write(cells)
			}
		})
		out.Flush()
		return errors.Join(failed, out.Error())
	}
}
