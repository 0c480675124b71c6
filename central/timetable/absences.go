package timetable

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/sheet"
)

// absencesFile is absences.csv: authorised absences, from and to as days or as days with a time, both included. Absences
// are only ever added here; one that was wrong is withdrawn, not deleted.
type absencesFile struct {
	absences []Absence
	lineOf   []int
	seen     map[string]bool
}

func (f *absencesFile) columns() []sheet.Column {
	return []sheet.Column{{Name: "student_id"}, {Name: "from"}, {Name: "to"}, {Name: "reason"}, {Name: "approved_by"}}
}

func (f *absencesFile) line(r sheet.Row) {
	student, ok1 := r.ID("student_id")
	from, ok2 := r.Moment("from", false)
	to, ok3 := r.Moment("to", true)
	reason, ok4 := r.Need("reason")
	actor, ok5 := r.Need("approved_by")
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return
	}
	if to.Before(from) {
		r.Fault("to", "the absence ends before it begins", "")
		return
	}
	a := Absence{Student: student, From: from, To: to, Reason: reason, Actor: actor}
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	if f.seen[a.key()] {
		r.Warn("line %d repeats an earlier line", r.Line)
		return
	}
	f.seen[a.key()] = true
	f.absences, f.lineOf = append(f.absences, a), append(f.lineOf, r.Line)
}

func (a Absence) key() string {
	return fmt.Sprintf("%s|%d|%d|%s|%s", a.Student, a.From.UnixMilli(), a.To.UnixMilli(), a.Reason, a.Actor)
}

func (f *absencesFile) plan(ctx context.Context, state State, p *plan) error {
	known, err := studentsOf(ctx, state)
	if err != nil {
		return err
	}
	present, err := state.Absences(ctx)
	if err != nil {
		return err
	}
	have := keyed(present, Absence.key)
	for i, a := range f.absences {
		if !known.Check(&p.faults, f.lineOf[i], a.Student) {
			continue
		}
		if _, known := have[a.key()]; known {
			p.diff.Unchanged++
			continue
		}
		p.diff.Added++
		p.diff.Example("absence of student %s from %s to %s", a.Student, a.From.Format(time.DateOnly), a.To.Format(time.DateOnly))
		p.change.Absences = append(p.change.Absences, a)
		p.change.Dirty = append(p.change.Dirty, a.Student)
	}
	return nil
}
