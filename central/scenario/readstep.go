package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/evidence"
	"github.com/rollcall-edge/rollcall/central/rules"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

func (r *reader) step(path string, s *Step) {
	s.line = r.Line(path)
	r.moment(path+".at", s.At)
	r.buildings(path+".silent", s.Silent)
	r.buildings(path+".heard_again", s.HeardAgain)
	r.places(path+".broken", s.Broken)
	r.places(path+".mended", s.Mended)
	for i, c := range s.Clocks {
		r.clock(fmt.Sprintf("%s.clock[%d]", path, i), c)
	}
	if s.Policy.isSet() || len(s.Policy.Change) > 0 {
		r.policy(path+".policy", s.Policy)
	}
	for i, f := range s.Import {
		r.importOf(fmt.Sprintf("%s.import[%d]", path, i), f)
	}
	for i, c := range s.Cards {
		at := fmt.Sprintf("%s.card[%d]", path, i)
		r.student(at+".student", c.Student)
		if c.Card != "" {
			r.card(at+".card", c.Card)
		}
		if c.Card == "" && len(r.keys[c.Student]) == 0 {
			r.Fault(at+".card", "missing; %s has no card yet, so write its number, for example w26:7:12", c.Student)
		}
	}
	r.lists(path, s)
	r.sessions(path+".cancel", s.Cancel, r.imports(timetable.Sessions))
	r.sessions(path+".reinstate", s.Reinstate, false)
	for i, m := range s.Move {
		at := fmt.Sprintf("%s.move[%d]", path, i)
		r.session(at+".session", m.Session, false)
		r.rooms(at+".room", m.Rooms)
	}
	r.people(path, s)
	for i, t := range s.Taps {
		r.tap(fmt.Sprintf("%s.tap[%d]", path, i), t)
	}
	for i, h := range s.Headcounts {
		r.session(fmt.Sprintf("%s.headcount[%d].session", path, i), h.Session, true)
	}
	for i, c := range s.CloseRegister {
		at := fmt.Sprintf("%s.close_register[%d]", path, i)
		r.session(at+".session", c.Session, true)
		r.need(at+".reason", c.Reason)
	}
	r.expect(path+".expect", s)
}

func (r *reader) clock(path string, c Clock) {
	r.buildings(path+".building", []string{c.Building})
	if c.Shows.isSet() == c.Right {
		r.Fault(path+".shows", "write either what the clock shows, for example shows: 1970-01-01 00:00Z, or right: true")
	}
	if c.Sure && c.Right {
		r.Fault(path+".sure", "a clock that is right is sure of itself anyway; leave it out")
	}
}

// moment keeps steps in the order of the clock.
func (r *reader) moment(path string, m Moment) {
	if !m.isSet() {
		r.Fault(path, "missing; write when this happens, for example 2026-10-05 09:00")
		return
	}
	if m.day == r.day && r.now.IsZero() {
		r.Fault(path, "the first step needs its day too, for example 2026-10-05 09:00")
		return
	}
	at, err := m.on(r.day)
	if err != nil {
		r.Fault(path, "%v", err)
		return
	}
	if at.Before(r.now) {
		r.Fault(path, "%s is before the step above it, %s; steps stand in the order of the clock", m.text, shownTime(r.now))
		return
	}
	r.now, r.day = at, calendar.DayOf(at)
}

func (r *reader) buildings(path string, names []string) {
	for i, name := range names {
		if _, known := r.Places[name]; !known {
			r.Fault(fmt.Sprintf("%s[%d]", path, i), "there is no building %q under places; buildings are %s", name, shownList(r.buildingNames()))
		}
	}
}

func (r *reader) places(path string, places []string) {
	for i, place := range places {
		r.place(fmt.Sprintf("%s[%d]", path, i), place)
	}
}

func (r *reader) place(path, place string) {
	if len(r.at(place)) > 0 {
		return
	}
	var ids []string
	for _, p := range r.points() {
		ids = append(ids, p.id)
	}
	r.Fault(path, "there is no reader at %q; write a room, or one of its readers: %s", place, shownList(ids))
}

func (r *reader) importOf(path string, i Import) {
	if !slices.Contains(kinds(), i.Kind) {
		r.Fault(path+".kind", "%q is not a kind of file; write one of %v", i.Kind, kinds())
	}
	if (i.File == "") == (i.Text == "") {
		r.Fault(path+".file", "write either the name of a file or its text")
	}
	if i.File != "" {
		if _, err := os.Stat(filepath.Join(r.dir(), i.File)); err != nil {
			r.Fault(path+".file", "%v", err)
		}
	}
}

// kinds are the kinds of files.
func kinds() []string {
	var all []string
	for _, k := range []timetable.Kind{timetable.Terms, timetable.Holidays, timetable.Rooms, timetable.Students, timetable.Cards, timetable.Sessions, timetable.Absences} {
		all = append(all, string(k))
	}
	for _, k := range evidence.Kinds() {
		all = append(all, string(k))
	}
	return all
}

func (r *reader) lists(path string, s *Step) {
	for i, l := range s.Lists {
		at := fmt.Sprintf("%s.list[%d]", path, i)
		if (l.Session == "") == (l.Class == "") {
			r.Fault(at+".session", "write either a session or a class, which is all its sessions from this day on")
			continue
		}
		if l.Session != "" {
			r.session(at+".session", l.Session, false)
		} else {
			r.className(at+".class", l.Class)
		}
		r.students(at+".add", l.Add)
		r.students(at+".remove", l.Remove)
	}
}

func (r *reader) sessions(path string, names []string, imported bool) {
	for i, name := range names {
		r.session(fmt.Sprintf("%s[%d]", path, i), name, imported)
	}
}

// session checks the name of a session. One that may have come with a file is looked for when its step is played.
func (r *reader) session(path, name string, imported bool) {
	if name == "" {
		r.Fault(path, "missing; write the name of a session, which is the class and its day: Land Law 2026-10-05")
		return
	}
	if r.plan.named(name, r.day) != nil || imported && r.imports(timetable.Sessions) {
		return
	}
	r.Fault(path, "there is no session %q; write the class and its day, for example Land Law 2026-10-05, or the class alone when it meets on the day of the step; classes are %s",
		name, shownList(r.classes()))
}

// people checks what is said of people.
func (r *reader) people(path string, s *Step) {
	for i, a := range s.Absences {
		at := fmt.Sprintf("%s.absence[%d]", path, i)
		r.student(at+".student", a.Student)
		for _, end := range []struct {
			key string
			m   Moment
		}{{".from", a.From}, {".to", a.To}} {
			if end.m.day == (calendar.Day{}) {
				r.Fault(at+end.key, "missing its day; write for example 2026-10-05, or 2026-10-05 09:00")
			}
		}
		r.need(at+".reason", a.Reason)
		r.need(at+".approved_by", a.ApprovedBy)
	}
	for i, f := range s.Facts {
		at := fmt.Sprintf("%s.fact[%d]", path, i)
		if f.Student != "" {
			r.student(at+".student", f.Student)
		}
		r.kind(at+".kind", string(f.Kind))
		if slices.Contains(aboutSessions, f.Kind) {
			r.session(at+".of", f.Of, true)
		}
		if f.EveryDays > 0 {
			r.needDay(at+".last", f.Last)
		}
	}
	for kind := range s.KnownUntil {
		r.kind(path+".known_until."+kind, kind)
	}
	for i, a := range s.Amendments {
		at := fmt.Sprintf("%s.amend[%d]", path, i)
		r.student(at+".student", a.Student)
		r.session(at+".session", a.Session, true)
		r.code(at+".to", a.To)
		r.need(at+".reason", a.Reason)
	}
}

func (r *reader) kind(path, kind string) {
	if !slices.Contains(factKinds, engagement.Kind(kind)) {
		r.Fault(path, "%q is not a kind of fact; write one of %v", kind, factKinds)
	}
}

// factKinds are all kinds of facts.
var factKinds = []engagement.Kind{
	engagement.Submission, engagement.Exam, engagement.Meeting, engagement.Supervision, engagement.Login, engagement.Timesheet,
	engagement.Communication, engagement.Enrolment, engagement.Enrolled, engagement.CourseEnd, engagement.Change, engagement.Leave,
	engagement.Placement, engagement.Work, engagement.Fee, engagement.Payment, engagement.Permission, engagement.Details,
	engagement.Announced, engagement.Left, engagement.Joined, engagement.Exempted, engagement.Ended, engagement.Annotation, engagement.Reported,
	engagement.Satisfied, engagement.Undertaking, engagement.Reason, engagement.Remark, engagement.Audit, engagement.RemoteHigh,
	engagement.Reminder, engagement.TrackerRow,
}

func (r *reader) code(path, code string) {
	if !slices.Contains(validCodes, code) {
		r.Fault(path, "%q is not a mark; write one of %v", code, validCodes)
	}
}

func (r *reader) tap(path string, t Tap) {
	r.place(path, t.place)
	for _, who := range t.cards {
		if isCard(who) {
			r.card(path, strings.TrimPrefix(who, cardPrefix))
		}
		if _, known := r.People[who]; !known && !isCard(who) {
			r.Fault(path, "nobody under people is called %q; people are %s, and a card of nobody's is written as card w26:7:12", who, shownList(r.names()))
		}
	}
}

// levels are the levels of the ladder, as scenarios write them.
var levels = []rules.Level{rules.NoLevel, rules.First, rules.Second, rules.Final, rules.Report}
