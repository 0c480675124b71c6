package timetable

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// absencesFile is absences.csv: authorised absences, from and to as days or as days with a time, both included. Absences
// are only ever added here; one that was wrong is withdrawn, not deleted.
type absencesFile struct {
	absences []Absence
	lineOf   []int
	seen     map[string]bool
}

func (f *absencesFile) columns() []column {
	return []column{{name: "student_id"}, {name: "from"}, {name: "to"}, {name: "reason"}, {name: "approved_by"}}
}

func (f *absencesFile) line(r row) {
	student, ok1 := r.id("student_id")
	from, ok2 := r.moment("from", false)
	to, ok3 := r.moment("to", true)
	reason, ok4 := r.need("reason")
	actor, ok5 := r.need("approved_by")
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return
	}
	if to.Before(from) {
		r.fault("to", "the absence ends before it begins", "")
		return
	}
	a := Absence{Student: student, From: from, To: to, Reason: reason, Actor: actor}
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	if f.seen[a.key()] {
		r.s.warnings = append(r.s.warnings, fmt.Sprintf("line %d repeats an earlier line", r.line))
		return
	}
	f.seen[a.key()] = true
	f.absences, f.lineOf = append(f.absences, a), append(f.lineOf, r.line)
}

// moment is a day, of which it means the first or the last instant, or a day and a time.
func (r row) moment(column string, end bool) (time.Time, bool) {
	v, ok := r.need(column)
	if !ok {
		return time.Time{}, false
	}
	dayText, clock, timed := strings.Cut(strings.Replace(v, "T", " ", 1), " ")
	day, err := parseDay(dayText, r.s.format)
	if err != nil || !timed {
		return r.validity(column, end)
	}
	t, problem, advice := at(day, clock)
	if problem != "" {
		r.fault(column, problem, advice)
		return time.Time{}, false
	}
	return t, true
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
		if !known.check(p, f.lineOf[i], a.Student) {
			continue
		}
		if _, known := have[a.key()]; known {
			p.diff.Unchanged++
			continue
		}
		p.diff.Added++
		p.diff.example("absence of student %s from %s to %s", a.Student, a.From.Format(time.DateOnly), a.To.Format(time.DateOnly))
		p.change.Absences = append(p.change.Absences, a)
		p.change.Dirty = append(p.change.Dirty, a.Student)
	}
	return nil
}
