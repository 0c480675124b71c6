package register

import (
	"testing"
)

func TestLatenessAnnounced(t *testing.T) {
	college := shipped(t, "college")
	nine := []*Session{lesson("A", "09:00", "10:00")}
	said := func(clock string) []Note {
		return []Note{{ID: 1, Kind: Announced, Session: "A", At: local(clock)}}
	}
	runRows(t, []row{
		{"row 32 C-1 notice before arrival", college, Facts{Sessions: nine, Taps: tapped("09:40:00.000"), Notes: said("09:39:59.999")}, "A=L"},
		{"row 32 C-1 notice at the moment of arrival", college, Facts{Sessions: nine, Taps: tapped("09:40:00.000"), Notes: said("09:40:00.000")}, "A=L"},
		{"row 32 C-1 notice after arrival", college, Facts{Sessions: nine, Taps: tapped("09:40:00.000"), Notes: said("09:40:00.001")}, "A=A"},
		{"row 32 C-1 the first of two notices counts", college, Facts{Sessions: nine, Taps: tapped("09:40:00.000"), Notes: append(said("09:50:00.000"), said("09:00:00.000")...)}, "A=L"},
		{"row 32 C-1 notice, and nobody came", college, Facts{Sessions: nine, Notes: said("08:00:00.000")}, "A=A"},
		{"row 31 C-1 notice does not make P", college, Facts{Sessions: nine, Taps: tapped("09:20:00.000"), Notes: said("08:00:00.000")}, "A=L"},
	})
}

func TestLeavingEarly(t *testing.T) {
	strict, mild := shipped(t, "college"), shipped(t, "college", "leaving_early: {grace: 0s}", "leaving_early: {grace: 5m}")
	class := lesson("A", "10:30", "11:30")
	ended := lesson("A", "10:30", "11:30")
	ended.EndedAt = local("11:20:00.000")
	two := []*Session{class, lesson("B", "11:30", "12:30")}
	out := func(clock string) Tap {
		tap := tapAt(7, local(clock))
		tap.Point, tap.Exit = "R/exit", true
		return tap
	}
	in := tapAt(1, local("10:28:00.000"))
	left := func(clock, recorded string) []Note {
		return []Note{{ID: 1, Kind: LeftEarly, Session: "A", At: local(clock), RecordedAt: local(recorded), By: "j.tutor"}}
	}
	present := []Amendment{{ID: 1, Session: "A", Code: Present, MadeAt: local("11:00:00.000"), Actor: "j.tutor"}}
	runRows(t, []row{
		{"row 33 C-2 out 11:29:59 for end 11:30, grace 0", strict, Facts{Sessions: []*Session{class}, Taps: []Tap{in, out("11:29:59.000")}}, "A=A"},
		{"row 33 C-2 out 11:29:59 for end 11:30, grace 5 min", mild, Facts{Sessions: []*Session{class}, Taps: []Tap{in, out("11:29:59.000")}}, "A=P"},
		{"row 33 C-2 grace 5 min to the millisecond", mild, Facts{Sessions: []*Session{class}, Taps: []Tap{in, out("11:25:00.000")}}, "A=P"},
		{"row 33 C-2 one millisecond before", mild, Facts{Sessions: []*Session{class}, Taps: []Tap{in, out("11:24:59.999")}}, "A=A"},
		{"row 33 C-2 the tutor's entry", strict, Facts{Sessions: []*Session{class}, Taps: []Tap{in}, Notes: left("11:29:59.000", "11:31:00.000")}, "A=A"},
		{"row 33 C-2 left early from a class closed early", strict, Facts{Sessions: []*Session{ended}, Taps: []Tap{in, out("11:19:59.000")}}, "A=A"},
		{"row 34 C-2 no out tap", strict, Facts{Sessions: []*Session{class}, Taps: []Tap{in}}, "A=P"},
		{"row 34 C-2 no out tap keeps L", strict, Facts{Sessions: []*Session{class}, Taps: tapped("10:50:00.000")}, "A=L"},
		{"C-2 out at the end", strict, Facts{Sessions: []*Session{class}, Taps: []Tap{in, out("11:30:00.000")}}, "A=P"},
		{"C-2 out when the tutor closed the class", strict, Facts{Sessions: []*Session{ended}, Taps: []Tap{in, out("11:20:00.000")}}, "A=P"},
		{"C-2 out and in again", strict, Facts{Sessions: []*Session{class}, Taps: []Tap{in, out("11:00:00.000"), tapAt(9, local("11:05:00.000"))}}, "A=P"},
		{"C-2 an out tap is no arrival", strict, Facts{Sessions: []*Session{class}, Taps: []Tap{out("10:31:00.000")}}, "A=A"},
		{"C-2 nor one for the next class", strict, Facts{Sessions: two, Taps: []Tap{in, out("11:30:00.000")}}, "A=P B=A"},
		{"C-2 is not in the policy", shipped(t, "portsmouth"), Facts{Sessions: []*Session{class}, Taps: []Tap{in, out("10:40:00.000")}, Notes: left("10:40:00.000", "11:31:00.000")}, "A=P"},
		{"C-2 the tutor's entry without a tap", strict, Facts{Sessions: []*Session{class}, Notes: left("11:00:00.000", "11:31:00.000"), Coverage: Coverage{}}, "A=A"},
		{"C-2 entered after the code P", strict, Facts{Sessions: []*Session{class}, Amendments: present, Notes: left("11:10:00.000", "11:31:00.000")}, "A=A"},
		{"C-2 the code P entered after it", strict, Facts{Sessions: []*Session{class}, Amendments: present, Notes: left("10:50:00.000", "10:59:00.000")}, "A=P"},
		{"C-2 the exit's silence hides no arrival", strict, Facts{Sessions: []*Session{class}, Coverage: Coverage{"R": {{Point: "R/exit", Exit: true,
			HeardUntil: local("23:00:00.000"), Working: alwaysOn()["R"][0].Working}}}}, "A=U"},
	})
	m := Marks(Facts{Sessions: []*Session{class}, Taps: []Tap{in, out("11:29:59.000")}}, strict, evening)[0]
	if want := "Tapped at 10:28:00.000 at R/door, 2:00 min before the start. LE: left at 11:29:59.000 by R/exit, before the end"; m.Reason != want || m.Tap == nil {
		t.Errorf("reason = %q with tap %v, want %q and the tap of the arrival", m.Reason, m.Tap, want)
	}
}
