package timetable

import (
	"context"
	"fmt"
	"net/mail"
	"slices"

	"github.com/rollcall-edge/rollcall/central/sheet"
)

// studentsFile is students.csv.
type studentsFile struct {
	digits   int
	students []Student
	lines    sheet.Lines
	lengths  map[int]int // how many student numbers of digits alone have which length
}

func (f *studentsFile) columns() []sheet.Column {
	return []sheet.Column{
		{Name: "student_id"}, {Name: "name"}, {Name: "email", Optional: true}, {Name: "department", Optional: true},
		{Name: "programme", Optional: true}, {Name: "level", Optional: true}, {Name: "visa", Optional: true}, {Name: "delivery", Optional: true},
	}
}

func (f *studentsFile) line(r sheet.Row) {
	id, ok1 := r.ID("student_id")
	name, ok2 := r.Need("name")
	visa, ok3 := r.Yes("visa", false)
	email := r.Text("email")
	if _, err := mail.ParseAddress(email); email != "" && err != nil {
		r.Fault("email", sheet.Shown(email)+" is not an e-mail address", "")
		return
	}
	delivery, ok4 := study(r)
	if !ok1 || !ok2 || !ok3 || !ok4 || !f.checkDigits(r, id) {
		return
	}
	if f.lines == nil {
		f.lines, f.lengths = sheet.Lines{}, map[int]int{}
	}
	if !f.lines.First(r, "student_id", id) {
		return
	}
	if sheet.IsDigits(id) {
		f.lengths[len(id)]++
	}
	f.students = append(f.students, Student{
		ID: id, Name: name, Email: email, Department: r.Text("department"), Programme: r.Text("programme"), Level: r.Text("level"), Visa: visa, Delivery: delivery,
	})
}

// study is the way to study, as the scope of a policy names it; left out, it is on campus.
func study(r sheet.Row) (string, bool) {
	v := r.Text("delivery")
	if slices.Contains([]string{"", "campus", "distance", "placement"}, v) {
		return v, true
	}
	r.Fault("delivery", sheet.Shown(v)+" is not a way to study", "write campus, distance or placement")
	return "", false
}

// checkDigits finds numbers whose leading zeros a spreadsheet has eaten.
func (f *studentsFile) checkDigits(r sheet.Row, id string) bool {
	if f.digits == 0 || len(id) == f.digits || !sheet.IsDigits(id) {
		return true
	}
	r.Fault("student_id", fmt.Sprintf("%s has %d digits where student numbers have %d", sheet.Shown(id), len(id), f.digits),
		"if leading zeros were lost, format the column as text and export it again")
	return false
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
		p.diff.Warn("student numbers have %d different lengths; if a spreadsheet lost leading zeros, format the column as text and export it again", len(f.lengths))
	}
	return nil
}

func studentsOf(ctx context.Context, state State) (*sheet.Roll, error) {
	students, err := state.Students(ctx)
	if err != nil {
		return nil, err
	}
	return sheet.NewRoll(func(yield func(string) bool) {
		for _, s := range students {
			if !yield(s.ID) {
				return
			}
		}
	}), nil
}
