package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func (r *reader) expect(path string, s *Step) {
	x := &s.Expect
	x.lightLine, x.refusedLine, x.othersLine = r.Line(path+".light"), r.Line(path+".refused"), r.Line(path+".no_other_findings")
	if x.Light.isSet() && len(s.Taps) != 1 {
		r.Fault(path+".light", "this is about the only tap of a step, and the step has %d; write lights, with the tap of each", len(s.Taps))
	}
	for i := range x.Lights {
		r.light(fmt.Sprintf("%s.lights[%d]", path, i), s, &x.Lights[i])
	}
	for i := range x.Marks {
		r.mark(fmt.Sprintf("%s.marks[%d]", path, i), &x.Marks[i])
	}
	r.figures(path, x)
	for i := range x.Findings {
		r.finding(fmt.Sprintf("%s.findings[%d]", path, i), &x.Findings[i])
	}
	for i := range x.NoFindings {
		r.finding(fmt.Sprintf("%s.no_findings[%d]", path, i), &x.NoFindings[i])
	}
	r.students(path+".no_other_findings", x.NoOthers)
}

func (r *reader) light(path string, s *Step, x *LightExpected) {
	x.line = r.Line(path)
	if !x.Shows.isSet() {
		r.Fault(path+".shows", "missing; write green, red, blue, off, blue blinking or red twice")
	}
	if (x.Tap == "") == (x.Reader == "") {
		r.Fault(path+".tap", "write either a tap of this step or a reader")
		return
	}
	if x.Reader != "" {
		r.place(path+".reader", x.Reader)
		return
	}
	if !slices.ContainsFunc(s.Taps, func(t Tap) bool { return t.text == x.Tap }) {
		r.Fault(path+".tap", "this step has no tap %q; write it as the step does", x.Tap)
	}
}

func (r *reader) mark(path string, x *MarkExpected) {
	x.line = r.Line(path)
	r.student(path+".student", x.Student)
	if x.Row != "" {
		r.className(path+".class", x.Class)
		for _, code := range expandRow(x.Row) {
			r.code(path+".row", code)
		}
		return
	}
	r.session(path+".session", x.Session, true)
	if x.Is == "" && x.Says == "" {
		r.Fault(path+".is", "missing; write one of %v, or none for a student who is not in the register", validCodes)
	} else if x.Is != "" && x.Is != noMark {
		r.code(path+".is", x.Is)
	}
}

func (r *reader) figures(path string, x *Expect) {
	for i := range x.Percentages {
		p, at := &x.Percentages[i], fmt.Sprintf("%s.percentages[%d]", path, i)
		p.line = r.Line(at)
		r.student(at+".student", p.Student)
		if p.Attended == nil && p.Of == nil && p.Percent == "" {
			r.Fault(at+".percent", "missing; write percent: 90.0, or attended: 27 and of: 30")
		}
	}
	for i := range x.Contacts {
		n, at := &x.Contacts[i], fmt.Sprintf("%s.contacts[%d]", path, i)
		n.line = r.Line(at)
		r.student(at+".student", n.Student)
		if n.String() == "" {
			r.Fault(at+".missed", "missing; write how many are expected, met, missed or unknown")
		}
	}
	for i := range x.Standings {
		s, at := &x.Standings[i], fmt.Sprintf("%s.standings[%d]", path, i)
		s.line = r.Line(at)
		r.student(at+".student", s.Student)
		r.level(at+".level", s.Level)
	}
}

func (r *reader) level(path, level string) {
	var known []string
	for _, l := range levels {
		known = append(known, strings.ToLower(l.String()))
	}
	if !slices.Contains(known, strings.ToLower(level)) {
		r.Fault(path, "%q is not a level; write %s", level, strings.Join(known, ", "))
	}
}

var ruleForm = regexp.MustCompile(`^[A-Z]-[0-9]{1,2}$`)

// opens are what findings open.
var opens = []string{"notice", "alert", "warning", "task", "case"}

func (r *reader) finding(path string, x *FindingExpected) {
	x.line = r.Line(path)
	if x.Rule != "" && !ruleForm.MatchString(x.Rule) {
		r.Fault(path+".rule", "%q is not the name of a rule; write it as in policies, for example A-2", x.Rule)
	}
	if x.Student != allPeople && x.Student != "" {
		r.student(path+".student", x.Student)
	}
	if x.Opens != "" && !slices.Contains(opens, x.Opens) {
		r.Fault(path+".opens", "%q is nothing that a finding opens; write one of %v", x.Opens, opens)
	}
}
