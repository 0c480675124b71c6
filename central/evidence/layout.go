package evidence

import (
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// Kind is a kind of file, named as the files are.
type Kind string

// The kinds of file that are read in ways of their own; the others are in layouts.
const (
	MoodleLog     Kind = "moodle-log"
	MoodleExtract Kind = "moodle-extract"
	XAPI          Kind = "xapi"
	Logins        Kind = "logins"
	VLEUsers      Kind = "vle-users"
)

// layout is a kind of file of which every line tells one or two facts.
type layout struct {
	kind  Kind
	about string
	tells []telling
}

// telling is how a fact is drawn from a line: each part from the column of that name, "" if there is none.
type telling struct {
	kinds     []engagement.Kind // several: the column kind says which; the first if it is empty or missing
	at, until string
	of, value string
	amount    string
	note, by  string

	unit  unit              // of the amount
	words map[string]string // what the column value may say, and what that means; nil: as the form has it
	ifAny bool              // if the cell of at is empty, the line tells no such fact
	pick  bool              // the column kind must say which
}

// unit is how a file writes an amount.
type unit int

const (
	whole unit = iota // minutes or pence, as facts keep them
	hours             // 7.5
	money             // 1234.50
)

// layouts are all kinds of files of lines, in the order of the help.
var layouts = []layout{
	{"facts", "anything, one fact a line", []telling{{kinds: allKinds(), pick: true, at: "at", until: "until", of: "of", value: "value", amount: "amount", note: "note", by: "by"}}},
	{"submissions", "assignments and what came of them", []telling{{kinds: only(engagement.Submission), at: "due", of: "assignment", value: "outcome", note: "note", by: "by"}}},
	{"examinations", "papers and tests and what came of them", []telling{{kinds: only(engagement.Exam), at: "at", of: "paper", value: "outcome", note: "note", by: "by"}}},
	{"meetings", "with tutors, officials and supervisors, and what came of them", []telling{
		{kinds: []engagement.Kind{engagement.Meeting, engagement.Supervision}, at: "at", of: "with", value: "outcome", note: "note", by: "by"}}},
	{"timesheets", "that somebody confirmed", []telling{{kinds: only(engagement.Timesheet), at: "last_day", of: "employer", note: "note", by: "confirmed_by"}}},
	{"enrolments", "the latest moment to enrol, and when the student did", []telling{
		{kinds: only(engagement.Enrolment), at: "latest", of: "programme", value: "status", note: "note", by: "by"},
		{kinds: only(engagement.Enrolled), at: "enrolled", of: "programme", ifAny: true, by: "by"}}},
	{"placements", "work placements and internships", []telling{
		{kinds: only(engagement.Placement), at: "start", until: "end", of: "employer", value: "days_a_week", amount: "hours_a_week", unit: hours, note: "contact", by: "by"}}},
	{"work", "hours worked for an employer", []telling{
		{kinds: only(engagement.Work), at: "day", of: "employer", value: "role", amount: "hours", unit: hours, note: "note", by: "by"}}},
	{"fees", "invoices and when they were paid", []telling{
		{kinds: only(engagement.Fee), at: "due", of: "invoice", value: "status", amount: "amount", unit: money, note: "note", by: "by"},
		{kinds: only(engagement.Payment), at: "paid", of: "invoice", amount: "amount", unit: money, ifAny: true, note: "reference", by: "by"}}},
	{"permissions", "to be in the country, from the documents that were seen", []telling{
		{kinds: only(engagement.Permission), at: "from", until: "to", value: "study", words: map[string]string{"yes": "study", "no": "no_study"}, note: "note", by: "checked_by"}}},
	{"contact-details", "addresses and telephones that students confirmed", []telling{{kinds: only(engagement.Details), at: "confirmed", note: "note", by: "by"}}},
	{"changes", "events that must be reported: withdrawal, change of course and others", []telling{{kinds: only(engagement.Change), at: "date", of: "event", note: "reason", by: "by"}}},
	{"leave", "leave of absence", []telling{{kinds: only(engagement.Leave), at: "from", until: "to", note: "reason", by: "approved_by"}}},
	{"session-facts", "of single sessions: announced, left, joined, exempted, and ended, of no student", []telling{
		{kinds: []engagement.Kind{engagement.Announced, engagement.Left, engagement.Joined, engagement.Exempted, engagement.Ended}, pick: true, at: "at", of: "session", note: "note", by: "by"}}},
	{"decisions", "of people about findings: annotation, reported, satisfied, undertaking, reason, remark", []telling{
		{kinds: []engagement.Kind{engagement.Annotation, engagement.Reported, engagement.Satisfied, engagement.Undertaking, engagement.Reason, engagement.Remark},
			pick: true, at: "at", until: "until", of: "rule", note: "note", by: "by"}}},
	{"university", "audits, permissions for remote teaching, reminders and rows of the tracker", []telling{
		{kinds: []engagement.Kind{engagement.Audit, engagement.RemoteHigh, engagement.Reminder, engagement.TrackerRow}, pick: true, at: "at", until: "until", of: "of", note: "note", by: "by"}}},
}

// only is a list of one kind.
func only(kind engagement.Kind) []engagement.Kind { return []engagement.Kind{kind} }

func allKinds() []engagement.Kind {
	kinds := make([]engagement.Kind, len(forms))
	for i, f := range forms {
		kinds[i] = f.kind
	}
	return kinds
}

func layoutOf(kind Kind) (layout, bool) {
	i := slices.IndexFunc(layouts, func(l layout) bool { return l.kind == kind })
	if i < 0 {
		return layout{}, false
	}
	return layouts[i], true
}

// ofUniversity reports whether no line of the file is about a student.
func (l layout) ofUniversity() bool {
	return !slices.ContainsFunc(l.tells, func(t telling) bool {
		return slices.ContainsFunc(t.kinds, func(k engagement.Kind) bool { f, _ := formOf(k); return !f.university })
	})
}

// columns are the columns of the file, those that may be missing last.
func (l layout) columns() []sheet.Column {
	var needed, others []sheet.Column
	add := func(name string, optional bool) {
		known := slices.ContainsFunc(append(needed, others...), func(c sheet.Column) bool { return c.Name == name })
		switch {
		case name == "" || known:
		case optional:
			others = append(others, sheet.Column{Name: name, Optional: true})
		default:
			needed = append(needed, sheet.Column{Name: name})
		}
	}
	if !l.ofUniversity() {
		add("student_id", false)
	}
	for _, t := range l.tells {
		if len(t.kinds) > 1 {
			add("kind", !t.pick)
		}
		add(t.at, t.ifAny)
		for _, c := range []struct {
			name string
			is   func(form) bool
		}{
			{t.until, func(f form) bool { return f.until == must }}, {t.of, func(f form) bool { return f.of == must }},
			{t.value, func(f form) bool { return f.needValue }}, {t.amount, func(f form) bool { return f.needAmount }},
		} {
			add(c.name, !t.all(c.is))
		}
		add(t.note, true)
		add(t.by, true)
	}
	add("withdraw", true)
	return append(needed, others...)
}

func (t telling) all(is func(form) bool) bool {
	return !slices.ContainsFunc(t.kinds, func(k engagement.Kind) bool { f, _ := formOf(k); return !is(f) })
}

// Describe lists the kinds of files with their columns, for people.
func Describe() string {
	var b strings.Builder
	line := func(kind Kind, about string, columns []sheet.Column) {
		names := make([]string, len(columns))
		for i, c := range columns {
			if names[i] = c.Name; c.Optional {
				names[i] = "[" + c.Name + "]"
			}
		}
		b.WriteString(string(kind) + ": " + about + "\n    " + strings.Join(names, ",") + "\n")
	}
	for _, l := range layouts {
		line(l.kind, l.about, l.columns())
	}
	for _, s := range sources() {
		line(s.kind, s.about, s.columns)
	}
	return b.String()
}

// Kinds lists the kinds of files.
func Kinds() []Kind {
	var kinds []Kind
	for _, l := range layouts {
		kinds = append(kinds, l.kind)
	}
	for _, s := range sources() {
		kinds = append(kinds, s.kind)
	}
	return kinds
}
