package model

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
	"time"
)

// at is a time of Monday 5 October 2026 in London summer time, "09:15:00.000" say.
func at(t *testing.T, clock string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02 15:04:05.000 -0700", "2026-10-05 "+clock+" +0100")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func class(t *testing.T, id, from, to string) Session {
	return Session{ID: id, Room: "A", Start: at(t, from+":00.000"), End: at(t, to+":00.000"), Students: []string{"s"}}
}

// whole is a day on which the room could always hear, and everything is known.
func whole(t *testing.T) Coverage {
	return Coverage{Working: []Interval{{at(t, "06:00:00.000"), at(t, "20:00:00.000")}}, CompleteT: at(t, "20:00:00.000")}
}

// The rows of RULES section 4 that this model can speak of, by their numbers; times are London's.
func TestMarksByRule(t *testing.T) {
	nine := func(t *testing.T) []Session { return []Session{class(t, "A", "09:00", "10:00")} }
	both := func(t *testing.T) []Session {
		return []Session{class(t, "A", "09:00", "10:00"), class(t, "B", "10:00", "11:00")}
	}
	tests := []struct {
		name     string
		sessions func(*testing.T) []Session
		taps     string // times, separated by spaces
		change   func(*testing.T, *World)
		want     string // marks of the sessions in order
	}{
		{name: "row 1 W-1 one millisecond early", sessions: nine, taps: "08:29:59.999", want: "A"},
		{name: "row 2 W-1 at the opening", sessions: nine, taps: "08:30:00.000", want: "P"},
		{name: "row 2 W-1 at the end", sessions: nine, taps: "10:00:00.000", want: "A"}, // in the register, but an hour late (C-1)
		{name: "row 3 W-1 one millisecond late", sessions: nine, taps: "10:00:00.001", want: "A"},
		{name: "row 6 back to back, first tap in A", sessions: both, taps: "09:45:00.000", want: "AA"},
		{name: "row 7 back to back, A credited", sessions: both, taps: "09:01:00.000 09:45:00.000", want: "PP"},
		{name: "row 8 at the change, B in progress", sessions: both, taps: "10:00:00.000", want: "AP"},
		{name: "row 9 a third tap changes nothing", sessions: both, taps: "09:01:00.000 09:45:00.000 09:50:00.000", want: "PP"},
		{name: "row 10 two taps, the earliest counts", sessions: nine, taps: "09:20:00.000 09:10:00.000", want: "P"},
		{name: "row 23 W-7 cancelled after a tap", sessions: nine, taps: "09:00:00.000", change: cancel, want: "X"},
		{name: "row 31 C-1 five minutes early", sessions: nine, taps: "08:55:00.000", want: "P"},
		{name: "row 31 C-1 15:00.000", sessions: nine, taps: "09:15:00.000", want: "P"},
		{name: "row 31 C-1 15:00.001", sessions: nine, taps: "09:15:00.001", want: "L"},
		{name: "row 31 C-1 30:00.000", sessions: nine, taps: "09:30:00.000", want: "L"},
		{name: "row 31 C-1 30:00.001", sessions: nine, taps: "09:30:00.001", want: "A"},
		{name: "row 36 G-3 known up to 09:40 only", sessions: nine, change: known("09:40:00.000"), want: "U"},
		{name: "row 37 G-3 known up to the close", sessions: nine, change: known("10:00:00.000"), want: "A"},
		{name: "G-3 while the register is open", sessions: nine, change: now("10:00:00.000"), want: "U"},
		{name: "G-3 one millisecond after it closed", sessions: nine, change: now("10:00:00.001"), want: "A"},
		{name: "G-3 heard for 95.0 % of 90 minutes", sessions: nine, change: deaf("09:04:30.000"), want: "A"},
		{name: "G-3 heard for less", sessions: nine, change: deaf("09:04:30.100"), want: "U"},
		{name: "G-3 two overlapping times count once", sessions: nine, change: twice, want: "U"},
		{name: "G-4 excused", sessions: nine, change: excuse("09:00:00.000", "10:00:00.000"), want: "E"},
		{name: "G-4 excused for a part", sessions: nine, change: excuse("09:00:00.000", "09:59:59.999"), want: "A"},
		{name: "row 77 G-4 excused, but there", sessions: nine, taps: "09:00:00.000", change: excuse("09:00:00.000", "10:00:00.000"), want: "P"},
		{name: "W-8 in another room", sessions: nine, taps: "09:00:00.000", change: otherRoom, want: "A"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := World{Sessions: tt.sessions(t), Rooms: map[string]Coverage{"A": whole(t)}, Now: at(t, "20:00:00.000")}
			for _, clock := range strings.Fields(tt.taps) {
				w.Taps = append(w.Taps, Tap{Student: "s", Room: "A", At: at(t, clock)})
			}
			if tt.change != nil {
				tt.change(t, &w)
			}
			marks, got := w.Marks(), ""
			for _, s := range w.Sessions {
				got += string(marks[Key{"s", s.ID}])
			}
			if got != tt.want {
				t.Errorf("marks = %q, want %q", got, tt.want)
			}
		})
	}
}

func cancel(_ *testing.T, w *World) { w.Sessions[0].Cancelled = true }

func otherRoom(_ *testing.T, w *World) { w.Taps[0].Room = "B" }

func known(clock string) func(*testing.T, *World) {
	return func(t *testing.T, w *World) {
		c := w.Rooms["A"]
		c.CompleteT = at(t, clock)
		w.Rooms["A"] = c
	}
}

func now(clock string) func(*testing.T, *World) {
	return func(t *testing.T, w *World) { w.Now = at(t, clock) }
}

// deaf keeps the room from hearing between 09:00 and the time given.
func deaf(until string) func(*testing.T, *World) {
	return func(t *testing.T, w *World) {
		c := w.Rooms["A"]
		c.Working = []Interval{{at(t, "06:00:00.000"), at(t, "09:00:00.000")}, {at(t, until), at(t, "20:00:00.000")}}
		w.Rooms["A"] = c
	}
}

// twice lets the room hear for 50 minutes of 90, told by two gateways.
func twice(t *testing.T, w *World) {
	c := w.Rooms["A"]
	c.Working = []Interval{{at(t, "08:30:00.000"), at(t, "09:10:00.000")}, {at(t, "08:40:00.000"), at(t, "09:20:00.000")}}
	w.Rooms["A"] = c
}

func excuse(from, to string) func(*testing.T, *World) {
	return func(t *testing.T, w *World) {
		w.Absences = []Absence{{"s", at(t, from), at(t, to)}}
	}
}

func TestDoors(t *testing.T) {
	sessions := []Session{class(t, "A", "09:00", "10:00"), class(t, "B", "10:00", "11:00")}
	sessions[0].Students = []string{"s", "third", "fourth"}
	sessions[1].Students = []string{"s", "third", "fourth", "other"}
	gone := class(t, "gone", "14:00", "15:00")
	gone.Cancelled = true
	d := NewDoors(append(sessions, gone))
	tests := []struct {
		name, student, clock string
		want                 string
	}{
		{"row 1 W-1 too early", "s", "08:29:59.999", "window_closed "},
		{"W-1 accepted", "s", "08:30:00.000", "accepted A"},
		{"row 6 the one in progress first", "third", "09:45:00.000", "accepted A"},
		{"row 8 at the change the one that begins", "fourth", "10:00:00.000", "accepted B"},
		{"row 7 the next one once A is credited", "s", "09:45:00.000", "accepted B"},
		{"row 9 duplicate", "s", "09:50:00.000", "duplicate A"},
		{"W-8 not on the list of A", "other", "09:10:00.000", "not_listed A"},
		{"W-1 only B is theirs, and open", "other", "09:40:00.000", "accepted B"},
		{"unknown card", "", "09:40:00.000", "unknown_card "},
		{"row 12 a cancelled class opens no register", "s", "14:10:00.000", "window_closed "},
	}
	for _, tt := range tests {
		answer, session := d.Tap(Tap{Student: tt.student, Room: "A", At: at(t, tt.clock)})
		if got := fmt.Sprintf("%s %s", answer, session); got != tt.want {
			t.Errorf("%s: answer = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestGreenAroundTheClose(t *testing.T) {
	d := NewDoors([]Session{class(t, "A", "09:00", "10:00")})
	tests := []struct {
		name, student, from, to string
		green, red              bool
	}{
		{"inside", "s", "09:00:00.000", "09:00:01.000", true, false},
		{"outside", "s", "10:00:00.001", "10:00:01.000", false, true},
		{"across the close", "s", "09:59:59.900", "10:00:00.100", true, true},
		{"not listed", "x", "09:00:00.000", "09:00:01.000", false, true},
		{"nobody's card", "", "09:00:00.000", "09:00:01.000", false, true},
	}
	for _, tt := range tests {
		green, red := d.Green(tt.student, "A", at(t, tt.from), at(t, tt.to))
		if green != tt.green || red != tt.red {
			t.Errorf("%s: green %v red %v, want %v %v", tt.name, green, red, tt.green, tt.red)
		}
	}
}

// A second opinion that used the first one's code would be none.
func TestModelSharesNoCode(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if strings.Contains(i.Path.Value, ".") {
				t.Errorf("%s imports %s, want the standard library alone", e.Name(), i.Path.Value)
			}
		}
	}
}
