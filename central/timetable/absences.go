package timetable

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/sheet"
)

// absencesFile is absences.csv: absences that were asked for, from and to as days or as days with a time, both included.
// Absences and approvals are only ever added here; one that was wrong is withdrawn, not deleted. The column approvals,
// "course_lead: a.smith; head_of_registry: b.jones", says who approved in which role, for policies that ask for roles.
type absencesFile struct {
	absences []Absence
	lineOf   []int
	seen     map[string]bool
}

func (f *absencesFile) columns() []sheet.Column {
	return []sheet.Column{{Name: "student_id"}, {Name: "from"}, {Name: "to"}, {Name: "reason"}, {Name: "approved_by"}, {Name: "approvals", Optional: true}}
}

func (f *absencesFile) line(r sheet.Row) {
	student, ok1 := r.ID("student_id")
	from, ok2 := r.Moment("from", false)
	to, ok3 := r.Moment("to", true)
	reason, ok4 := r.Need("reason")
	actor, ok5 := r.Need("approved_by")
	approvals, ok6 := approvals(r)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 {
		return
	}
	if to.Before(from) {
		r.Fault("to", "the absence ends before it begins", "")
		return
	}
	a := Absence{Student: student, From: from, To: to, Reason: reason, Actor: actor, Approvals: approvals}
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

// role is the name of a role, as policies write them.
var role = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// approvals reads roles with names, in any order.
func approvals(r sheet.Row) (all []Approval, ok bool) {
	text := r.Text("approvals")
	if text == "" {
		return nil, true
	}
	for part := range strings.SplitSeq(strings.TrimRight(text, "; "), ";") {
		name, by, _ := strings.Cut(part, ":")
		a := Approval{Role: strings.TrimSpace(name), Actor: strings.TrimSpace(by)}
		if !role.MatchString(a.Role) || a.Actor == "" {
			r.Fault("approvals", sheet.Shown(strings.TrimSpace(part))+" is not a role with a name", "write for example course_lead: a.smith; head_of_registry: b.jones")
			return nil, false
		}
		all = append(all, a)
	}
	return all, true
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
		if old, known := have[a.key()]; known {
			p.approve(old, a)
			continue
		}
		p.diff.Added++
		p.diff.Example("absence of student %s from %s to %s", a.Student, a.From.Format(time.DateOnly), a.To.Format(time.DateOnly))
		p.change.Absences = append(p.change.Absences, a)
		p.change.Dirty = append(p.change.Dirty, a.Student)
	}
	return nil
}

// approve adds the approvals of an absence that is known already.
func (p *plan) approve(old, a Absence) {
	a.Approvals = slices.DeleteFunc(a.Approvals, func(v Approval) bool { return slices.Contains(old.Approvals, v) })
	if len(a.Approvals) == 0 {
		p.diff.Unchanged++
		return
	}
	p.diff.Changed++
	p.diff.Example("absence of student %s from %s approved by %s", a.Student, a.From.Format(time.DateOnly), a.Approvals[0].Role)
	p.change.Approved = append(p.change.Approved, a)
	p.change.Dirty = append(p.change.Dirty, a.Student)
}
