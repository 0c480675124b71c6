package timetable

import (
	"context"
	"fmt"
	"net/mail"
)

// studentsFile is students.csv.
type studentsFile struct {
	digits   int
	students []Student
	lines    lines
	lengths  map[int]int // how many student numbers of digits alone have which length
}

func (f *studentsFile) columns() []column {
	return []column{
		{name: "student_id"}, {name: "name"}, {name: "email", optional: true}, {name: "department", optional: true},
		{name: "programme", optional: true}, {name: "level", optional: true}, {name: "visa", optional: true},
	}
}

func (f *studentsFile) line(r row) {
	id, ok1 := r.id("student_id")
	name, ok2 := r.need("name")
	visa, ok3 := r.yes("visa", false)
	email := r.text("email")
	if _, err := mail.ParseAddress(email); email != "" && err != nil {
		r.fault("email", shown(email)+" is not an e-mail address", "")
		return
	}
	if !ok1 || !ok2 || !ok3 || !f.checkDigits(r, id) {
		return
	}
	if f.lines == nil {
		f.lines, f.lengths = lines{}, map[int]int{}
	}
	if !f.lines.first(r, "student_id", id) {
		return
	}
	if isDigits(id) {
		f.lengths[len(id)]++
	}
	f.students = append(f.students, Student{
		ID: id, Name: name, Email: email, Department: r.text("department"), Programme: r.text("programme"), Level: r.text("level"), Visa: visa,
	})
}

// checkDigits finds numbers whose leading zeros a spreadsheet has eaten.
func (f *studentsFile) checkDigits(r row, id string) bool {
	if f.digits == 0 || len(id) == f.digits || !isDigits(id) {
		return true
	}
	r.fault("student_id", fmt.Sprintf("%s has %d digits where student numbers have %d", shown(id), len(id), f.digits),
		"if leading zeros were lost, format the column as text and export it again")
	return false
}

func isDigits(s string) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

func (f *studentsFile) plan(ctx context.Context, state State, p *plan) error {
	present, err := state.Students(ctx)
	if err != nil {
		return err
	}
	have := keyed(present, func(s Student) string { return s.ID })
	for _, s := range f.students {
		_, known := have[s.ID]
		if upsert(p, "student "+s.ID, s.ID, s, have, equal) {
			p.change.Students = append(p.change.Students, s)
			if known {
				p.change.Dirty = append(p.change.Dirty, s.ID)
			}
		}
	}
	if len(f.lengths) > 1 {
		p.diff.warn("student numbers have %d different lengths; if a spreadsheet lost leading zeros, format the column as text and export it again", len(f.lengths))
	}
	return nil
}
