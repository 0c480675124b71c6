package timetable

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcome is a change of sessions in one line each, for comparison.
func outcome(c *Change) []string {
	if c == nil {
		return nil
	}
	var out []string
	for _, s := range c.Sessions {
		line := fmt.Sprintf("%s %s–%s opens %s closes %s", s.ID, s.StartsAt.Format("02T15:04"), s.EndsAt.Format("15:04"), s.OpensAt.Format("15:04"), s.ClosesAt.Format("15:04"))
		if s.Cancelled {
			line = s.ID + " cancelled"
		}
		for _, part := range []struct {
			sign string
			ids  []string
		}{{"+room ", s.AddRooms}, {"-room ", s.DropRooms}, {"+", s.AddStudents}, {"-", s.DropStudents}} {
			for _, id := range part.ids {
				line += " " + part.sign + id
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

// A session that was planned before says so, because then a change of its rooms is kept with its moment (W-6); and sessions
// with the same students have the same list (W-1).
func TestChangesSayWhatWasPlannedAndWhoseListItIs(t *testing.T) {
	m := smallCampus()
	rows := "law-1,2026-10-05,09:00,10:00,A-102,LAW,lecture,,,,,\n" + "x,2026-10-05,10:00,11:00,A-102,LAW,lecture,,,,00123,\n" + "y,2026-10-05,11:00,12:00,A-102,LAW,lecture,,,,s2,\n"
	if _, err := m.take(t, Sessions, eventsHead+rows, Options{}); err != nil {
		t.Fatal(err)
	}
	by := keyed(m.change.Sessions, func(s SessionChange) string { return s.ID })
	if !by["law-1"].Planned || by["x"].Planned || by["y"].Planned {
		t.Errorf("planned before: law-1 %v, x %v, y %v; want law-1 alone", by["law-1"].Planned, by["x"].Planned, by["y"].Planned)
	}
	if by["law-1"].List == "" || by["law-1"].List != by["x"].List || by["x"].List == by["y"].List {
		t.Errorf("lists = %q, %q and %q; want the first two alike", by["law-1"].List, by["x"].List, by["y"].List)
	}
}

func TestTimetables(t *testing.T) {
	for _, tt := range []struct {
		name  string
		mode  Mode
		rows  string
		want  []string
		dirty []string
		diff  Diff // counts only
	}{
		{"a new session with two rooms and two students", Delta,
			"x,2026-10-06,09:00,10:00,A-101,LAW,lecture,yes,in_person,t1,s2,\nx,2026-10-06,09:00,10:00,A-102,LAW,lecture,yes,in_person,t1,00123,\n",
			[]string{"x 06T08:00–09:00 opens 07:30 closes 09:00 +room A-101 +room A-102 +00123 +s2"}, []string{"00123", "s2"}, Diff{Added: 1}},
		{"the same as is there", Delta, "law-1,2026-10-05,09:00,10:00,A-101,LAW,lecture,,,,00123,\n", nil, nil, Diff{Unchanged: 1}},
		{"a delta without students leaves the list", Delta, "law-1,2026-10-05,09:00,10:00,A-101,LAW,lecture,,,,,\n", nil, nil, Diff{Unchanged: 1}},
		{"a student joins", Delta, "law-1,2026-10-05,09:00,10:00,A-101,LAW,lecture,,,,s2,\n",
			[]string{"law-1 05T08:00–09:00 opens 07:30 closes 09:00 +s2"}, []string{"s2"}, Diff{Changed: 1}},
		{"a student leaves", Delta, "law-1,,,,,,,,,,00123,yes\n",
			[]string{"law-1 05T08:00–09:00 opens 07:30 closes 09:00 -00123"}, []string{"00123"}, Diff{Changed: 1}},
		{"the room changes: everybody is judged again", Delta, "law-1,2026-10-05,09:00,10:00,A-102,LAW,lecture,,,,,\n",
			[]string{"law-1 05T08:00–09:00 opens 07:30 closes 09:00 +room A-102 -room A-101"}, []string{"00123"}, Diff{Changed: 1}},
		{"the time changes", Delta, "law-1,2026-10-05,11:00,12:30,A-101,LAW,lecture,,,,,\n",
			[]string{"law-1 05T10:00–11:30 opens 09:30 closes 11:30"}, []string{"00123"}, Diff{Changed: 1}},
		{"complete for its dates: the list is what the file says", CompleteForDates, "law-1,2026-10-05,09:00,10:00,A-101,LAW,lecture,,,,s2,\n",
			[]string{"law-1 05T08:00–09:00 opens 07:30 closes 09:00 +s2 -00123"}, []string{"00123", "s2"}, Diff{Changed: 1}},
		{"complete for other dates", CompleteForDates, "x,2026-10-06,09:00,10:00,A-101,LAW,lecture,,,,s2,\n",
			[]string{"x 06T08:00–09:00 opens 07:30 closes 09:00 +room A-101 +s2"}, []string{"s2"}, Diff{Added: 1}},
		{"an event that is not there is deleted", Delta, "y,,,,,,,,,,,yes\n", nil, nil, Diff{}},
		{"held online without a room", Delta, "x,2026-10-06,09:00,10:00,,LAW,,,online,,s2,\n",
			[]string{"x 06T08:00–09:00 opens 07:30 closes 09:00 +s2"}, []string{"s2"}, Diff{Added: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := smallCampus()
			diff, err := m.take(t, Sessions, eventsHead+tt.rows, Options{Mode: tt.mode, Force: true})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, outcome(m.change)); d != "" {
				t.Errorf("sessions differ (-want +got):\n%s", d)
			}
			var dirty []string
			if m.change != nil {
				dirty = slices.Compact(slices.Sorted(slices.Values(m.change.Dirty)))
			}
			if !cmp.Equal(dirty, tt.dirty) {
				t.Errorf("dirty = %v, want %v", dirty, tt.dirty)
			}
			diff.Warnings, diff.Examples = nil, nil
			if !cmp.Equal(diff, tt.diff) {
				t.Errorf("diff = %+v, want %+v", diff, tt.diff)
			}
		})
	}
}

// tenLectures are one a day from 5 October on.
func tenLectures() *memory {
	m := smallCampus()
	m.sessions = nil
	for i := range 10 {
		m.sessions = append(m.sessions, lecture(fmt.Sprintf("law-%d", i), fmt.Sprintf("2026-10-%02dT08:00:00Z", 5+i), "A-101", "00123"))
	}
	return m
}

func TestRow45GuardAgainstLosingSessions(t *testing.T) {
	one, two := "law-0,,,,,,,,,,,yes\n", "law-0,,,,,,,,,,,yes\nlaw-1,,,,,,,,,,,yes\n"
	for _, tt := range []struct {
		name  string
		rows  string
		o     Options
		want  error
		wants []string
	}{
		{"a tenth", one, Options{}, nil, []string{"law-0 cancelled"}},
		{"more than a tenth", two, Options{}, ErrGuard, nil},
		{"more than a tenth with force", two, Options{Force: true}, nil, []string{"law-0 cancelled", "law-1 cancelled"}},
		{"more than a tenth in a dry run", two, Options{DryRun: true}, nil, nil},
		{"by leaving them out", "law-0,2026-10-05,09:00,10:00,A-101,LAW,lecture,,,,00123,\n" + "x,2026-10-06,15:00,16:00,A-101,LAW,lecture,,,,,\n" + "y,2026-10-07,15:00,16:00,A-101,LAW,lecture,,,,,\n",
			Options{Mode: CompleteForDates}, ErrGuard, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := tenLectures()
			diff, err := m.take(t, Sessions, eventsHead+tt.rows, tt.o)
			if !errors.Is(err, tt.want) {
				t.Errorf("Import = %v, want %v", err, tt.want)
			}
			if got := outcome(m.change); !cmp.Equal(got, tt.wants) {
				t.Errorf("sessions = %v, want %v", got, tt.wants)
			}
			if tt.o.DryRun && !slices.ContainsFunc(diff.Warnings, func(w string) bool { return strings.Contains(w, "without force") }) {
				t.Errorf("warnings = %q, want one about force", diff.Warnings)
			}
		})
	}
}

func TestRow45GuardAgainstLosingStudents(t *testing.T) {
	var students []string
	for i := range 10 {
		students = append(students, fmt.Sprintf("s%d", i))
	}
	for _, tt := range []struct {
		name  string
		names int // how many of the ten students the file names
		rows  string
		mode  Mode
		want  error
	}{
		{"a tenth is left out", 9, "", CompleteForDates, nil},
		{"two tenths are left out", 8, "", CompleteForDates, ErrGuard},
		{"left out of a delta", 1, "", Delta, nil},
		{"taken off by name", 8, "law-1,,,,,,,,,,s8,yes\nlaw-1,,,,,,,,,,s9,yes\n", Delta, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := smallCampus()
			m.sessions = []Session{lecture("law-1", "2026-10-05T08:00:00Z", "A-101", students...)}
			rows := tt.rows
			for i, s := range students {
				m.students = append(m.students, Student{ID: s, Name: s})
				if i < tt.names {
					rows += "law-1,2026-10-05,09:00,10:00,A-101,LAW,lecture,,,," + s + ",\n"
				}
			}
			if _, err := m.take(t, Sessions, eventsHead+rows, Options{Mode: tt.mode}); !errors.Is(err, tt.want) {
				t.Errorf("Import = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSessionsThatAreOverDoNotCountForTheGuard(t *testing.T) {
	m := tenLectures()
	past := lecture("old", "2026-09-29T08:00:00Z", "A-101", "00123")
	m.sessions = []Session{past}
	diff, err := m.take(t, Sessions, eventsHead+"old,,,,,,,,,,,yes\n", Options{})
	if err != nil || diff.Removed != 1 {
		t.Fatalf("Import = %+v, %v; want one removed", diff, err)
	}
	if want := []string{"1 sessions that are over change; their marks will be judged again"}; !cmp.Equal(diff.Warnings, want) {
		t.Errorf("warnings = %q, want %q", diff.Warnings, want)
	}
}

func TestACancelledSessionMayTakePlaceAgain(t *testing.T) {
	m := smallCampus()
	m.sessions[0].Cancelled = true
	if _, err := m.take(t, Sessions, eventsHead+"law-1,2026-10-05,09:00,10:00,A-101,LAW,lecture,,,,,\n", Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := outcome(m.change), []string{"law-1 05T08:00–09:00 opens 07:30 closes 09:00"}; !cmp.Equal(got, want) {
		t.Errorf("sessions = %v, want %v", got, want)
	}
}

func TestRow44OverlapsInARoomAreListed(t *testing.T) {
	for _, tt := range []struct {
		name, rows string
		want       []string
	}{
		{"with one that is there", "x,2026-10-05,09:30,10:30,A-101,LAW,,,,,,\n", []string{"sessions law-1 and x overlap in room A-101: Mon 5 Oct 2026 09:30–10:30"}},
		{"back to back", "x,2026-10-05,10:00,11:00,A-101,LAW,,,,,,\n", nil},
		{"in another room", "x,2026-10-05,09:30,10:30,A-102,LAW,,,,,,\n", nil},
		{"with one that moves away", "law-1,2026-10-05,12:00,13:00,A-101,LAW,lecture,,,,,\nx,2026-10-05,09:30,10:30,A-101,LAW,,,,,,\n", nil},
		{"two new ones", "x,2026-10-08,09:00,11:00,A-102,LAW,,,,,,\ny,2026-10-08,10:00,12:00,A-102,LAW,,,,,,\n", []string{"sessions x and y overlap in room A-102: Thu 8 Oct 2026 10:00–12:00"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			diff, err := smallCampus().take(t, Sessions, eventsHead+tt.rows, Options{})
			if err != nil || !cmp.Equal(diff.Warnings, tt.want) {
				t.Errorf("warnings = %q, %v; want %q", diff.Warnings, err, tt.want)
			}
		})
	}
}

func TestRow39DryRunShowsTheRest(t *testing.T) {
	m := smallCampus()
	rows := "x,2026-10-06,09:00,10:00,A-101,LAW,,,,,s9,\ny,2026-10-06,11:00,12:00,A-101,LAW,,,,,s2,\nz,2026-10-06,11:00,10:00,A-101,LAW,,,,,s2,\n"
	diff, err := m.take(t, Sessions, eventsHead+rows, Options{DryRun: true})
	faults, _ := errors.AsType[Faults](err)
	if len(faults) != 2 || faults[0].Line != 2 || faults[1].Line != 4 {
		t.Errorf("faults = %v, want those of lines 2 and 4", faults)
	}
	if want := []string{"new session y: Tue 6 Oct 2026 11:00–12:00 with 1 students"}; diff.Added != 1 || !cmp.Equal(diff.Examples, want) {
		t.Errorf("diff = %+v, want %q", diff, want)
	}
	if m.change != nil {
		t.Errorf("change = %+v, want none of a dry run", m.change)
	}
}

func TestDaysInTheDeclaredFormat(t *testing.T) {
	m := smallCampus()
	if _, err := m.take(t, Sessions, eventsHead+"x,5/6/2027,09:00,10:00,A-101,LAW,,,,,,\n", Options{DateFormat: DMY}); err != nil {
		t.Fatal(err)
	}
	if got := m.change.Sessions[0].StartsAt.Format("2006-01-02 15:04"); got != "2027-06-05 08:00" {
		t.Errorf("5/6/2027 09:00 = %s UTC, want 5 June, 08:00", got)
	}
}
