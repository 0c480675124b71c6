package evidence

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// source is a kind of file that another program writes, in its own words.
type source struct {
	kind    Kind
	about   string
	columns []sheet.Column
	read    func(io.Reader, sheet.DateFormat, drawing) (*taken, error)
}

// sources are all of them, in the order of the help.
func sources() []source {
	return []source{
		{Logins, "log-ins to the virtual learning environment; user is a student number or an account of vle-users", loginColumns, readLogins},
		{MoodleLog, "the site log as Moodle exports it, in English", moodleLogColumns, readMoodleLog},
		{MoodleExtract, "an extract of Moodle's table logstore_standard_log", moodleExtractColumns, readMoodleExtract},
		{XAPI, "xAPI statements, as a JSON array or one a line; no columns", nil, readXAPI},
		{VLEUsers, "whose the accounts of the virtual learning environment are; an empty student_id is nobody whom attendance concerns", userColumns, readUsers},
	}
}

// loggedIn is a log-in of an account.
func loggedIn(d drawing, line int, user string) told {
	f := told{line: line, user: user}
	f.Kind, f.By = engagement.Login, d.actor
	return f
}

var loginColumns = []sheet.Column{{Name: "user"}, {Name: "time"}, {Name: "kind", Optional: true}}

// readLogins reads the plain form that any environment can be made to write: user, time and kind, of which only log-ins count.
func readLogins(r io.Reader, format sheet.DateFormat, d drawing) (*taken, error) {
	t := &taken{feeds: only(engagement.Login)}
	s := &sheet.Sheet{Columns: loginColumns, Format: format}
	others := 0
	err := s.Read(r, func(row sheet.Row) {
		user, ok := row.ID("user")
		at, timed := moment(row, "time", false)
		if !ok || !timed || !past(row, "time", at, d.now) {
			return
		}
		if kind := strings.ToLower(row.Text("kind")); kind != "" && kind != string(engagement.Login) {
			others++
			t.saw(at)
			return
		}
		f := loggedIn(d, row.Line, user)
		f.At = at
		t.add(f)
	})
	t.settle(s, others)
	return t, err
}

// settle takes over what was found wrong, and says how much of the file was passed over.
func (t *taken) settle(s *sheet.Sheet, others int) {
	t.faults, t.warnings = s.Faults, s.Warnings
	if others > 0 {
		t.warnings = append(t.warnings, fmt.Sprintf("%d lines that are no log-ins were passed over", others))
	}
}

var userColumns = []sheet.Column{{Name: "user_id"}, {Name: "student_id"}}

// userLine is an account as a line assigns it.
type userLine struct {
	User
	line int
}

func readUsers(r io.Reader, _ sheet.DateFormat, _ drawing) (*taken, error) {
	t := &taken{}
	s := &sheet.Sheet{Columns: userColumns}
	lines := sheet.Lines{}
	err := s.Read(r, func(row sheet.Row) {
		user, ok1 := row.ID("user_id")
		student, ok2 := row.OptionalID("student_id")
		if ok1 && ok2 && lines.First(row, "user_id", user) {
			t.users = append(t.users, userLine{User{ID: user, Student: student}, row.Line})
		}
	})
	t.settle(s, 0)
	return t, err
}

// putUsers compares the accounts of a file with those that are known.
func (p *plan) putUsers() {
	for _, u := range p.users {
		if u.Student != "" && !p.roll.Check(&p.faults, u.line, u.Student) {
			continue
		}
		was, known := p.accounts[u.ID]
		switch {
		case known && was == u.Student:
			p.diff.Unchanged++
			continue
		case known && was != "":
			p.diff.Changed++
			p.guards = append(p.guards, fmt.Sprintf("account %s moves from student %s to %s; log-ins that were imported stay with %s", sheet.Shown(u.ID), was, or(u.Student, "nobody"), was))
		case known:
			p.diff.Changed++
		default:
			p.diff.Added++
		}
		p.diff.Example("account %s is of %s", sheet.Shown(u.ID), or(u.Student, "nobody"))
		p.change.Users = append(p.change.Users, u.User)
		p.accounts[u.ID] = u.Student
	}
}

// wholeID is an identifier that Moodle gives.
var wholeID = regexp.MustCompile(`^[0-9]{1,18}$`)
