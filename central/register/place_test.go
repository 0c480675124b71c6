package register

import (
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func TestInPerson(t *testing.T) {
	imperial := shipped(t, "imperial")
	nine := []*Session{lesson("A", "09:00", "10:00")}
	joined := []Note{{ID: 1, Kind: JoinedOnline, Session: "A", At: local("09:02:00.000")}}
	by := func(evidence contract.Evidence, clock string) Tap {
		tap := tapAt(uint64(evidence), local(clock))
		tap.Evidence = evidence
		return tap
	}
	hybrid := lesson("A", "09:00", "10:00")
	hybrid.Delivery = "hybrid"
	runRows(t, []row{
		{"row 16 W-4 online join only", imperial, Facts{Sessions: nine, Notes: joined}, "A=R"},
		{"row 16 W-4 joined online and there in person", imperial, Facts{Sessions: nine, Notes: joined, Taps: []Tap{by(heard, "09:10:00.000")}}, "A=P"},
		{"row 16 W-4 joined another session", imperial, Facts{Sessions: nine, Notes: []Note{{ID: 1, Kind: JoinedOnline, Session: "B", At: local("09:02:00.000")}}}, "A=A"},
		{"W-4 an answer that the gateway heard", imperial, Facts{Sessions: nine, Taps: []Tap{by(heard, "09:10:00.000")}}, "A=P"},
		{"W-4 an answer that only the phone reports", imperial, Facts{Sessions: nine, Taps: []Tap{by(reported, "09:10:00.000")}}, "A=R"},
		{"W-4 a code without proximity", imperial, Facts{Sessions: nine, Taps: []Tap{by(code, "09:10:00.000")}}, "A=R"},
		{"W-4 reported first, heard later", imperial, Facts{Sessions: nine, Taps: []Tap{by(reported, "09:01:00.000"), by(heard, "09:10:00.000")}}, "A=P"},
		{"W-4 reported outside the window", imperial, Facts{Sessions: nine, Taps: []Tap{by(reported, "09:30:00.001")}}, "A=A"},
		{"W-4 reported while absence was authorised", imperial, Facts{Sessions: nine, Taps: []Tap{by(reported, "09:10:00.000")}, Absences: wholeDay}, "A=E"},
		{"W-4 joined online while absence was authorised", imperial, Facts{Sessions: nine, Notes: joined, Absences: wholeDay}, "A=E"},
		{"W-4 a policy without a list takes every tap", shipped(t, "bedfordshire"), Facts{Sessions: nine, Taps: []Tap{by(code, "09:10:00.000")}}, "A=P"},
		{"G-3 hybrid, joins are delivered up to 09:59", imperial, Facts{Sessions: []*Session{hybrid}, JoinsKnown: local("09:59:59.999")}, "A=U"},
		{"G-3 hybrid, joins are delivered up to the end", imperial, Facts{Sessions: []*Session{hybrid}, JoinsKnown: local("10:00:00.000")}, "A=A"},
		{"G-3 hybrid, nobody delivers joins", imperial, Facts{Sessions: []*Session{hybrid}}, "A=A"},
	})
	m := Marks(lastly(Facts{Sessions: nine, Taps: []Tap{by(reported, "09:10:00.000")}}), imperial, evening)[0]
	if want := "Tapped at 09:10:00.000 at R/door, 10:00 min after the start; this does not prove presence in the room"; m.Reason != want || m.Tap == nil {
		t.Errorf("reason = %q with tap %v, want %q and the tap", m.Reason, m.Tap, want)
	}
}

// Whoever was at the wrong door, or late by a breath, is not told that there was no tap.
func TestAbsenceTellsOfTapsBesideIt(t *testing.T) {
	imperial := shipped(t, "imperial", "in_person: [card, pass, ble_heard, staff]", "in_person: []")
	sessions := []*Session{lesson("A", "09:00", "10:00"), lesson("B", "10:09", "11:00")} // B opens at 09:39
	elsewhere := tapAt(1, local("09:05:00.000"))
	elsewhere.Room, elsewhere.Point = "S", "S/door"
	const none = "No tap; the readers were working and everything they heard is here"
	tests := []struct {
		name string
		taps []Tap
		want string // reason of A
	}{
		{"none", nil, none},
		{"too late", tapped("09:30:00.001"), none + ". There is a tap at 09:30:00.001 at R/door, while the register was not open"},
		{"another room", []Tap{elsewhere}, none + ". There is a tap at 09:05:00.000 at S/door, where this session is not held"},
		{"credited to another session", tapped("10:10:00.000"), none},
		{"hours later", tapped("13:00:00.000"), none},
	}
	for _, tt := range tests {
		f := Facts{Sessions: sessions, Taps: tt.taps, Coverage: alwaysOn()}
		if m := Marks(f, imperial, evening)[0]; m.Code != Absent || m.Reason != tt.want {
			t.Errorf("%s: %s %q, want A %q", tt.name, m.Code, m.Reason, tt.want)
		}
	}
}

func TestSameDayMoves(t *testing.T) {
	imperial, follow, ports := shipped(t, "imperial", "in_person: [card, pass, ble_heard, staff]", "in_person: []"), shipped(t, "bedfordshire"), shipped(t, "portsmouth")
	movedAt := func(clock string) []*Session { // from R to Q
		s := lesson("A", "09:00", "10:00")
		at := london(clock)
		s.Rooms, s.Moves = []string{"Q"}, []Move{{At: at, Room: "R"}, {At: at, Room: "Q", Added: true}}
		return []*Session{s}
	}
	sameDay, dayBefore := movedAt("2026-10-05 08:20:00.000"), movedAt("2026-10-04 23:59:00.000")
	movedTwice, movedBack := movedAt("2026-10-05 08:20:00.000"), movedAt("2026-10-05 08:20:00.000")
	movedTwice[0].Rooms, movedTwice[0].Moves = []string{"S"}, append(movedTwice[0].Moves, Move{At: local("08:30:00.000"), Room: "Q"}, Move{At: local("08:30:00.000"), Room: "S", Added: true})
	movedBack[0].Rooms, movedBack[0].Moves = []string{"R"}, append(movedBack[0].Moves, Move{At: local("08:30:00.000"), Room: "Q"}, Move{At: local("08:30:00.000"), Room: "R", Added: true})
	in := func(room, clock string) []Tap {
		tap := tapAt(1, local(clock))
		tap.Room, tap.Point = room, room+"/door"
		return []Tap{tap}
	}
	rooms := Coverage{"R": alwaysOn()["R"], "Q": alwaysOn()["R"]}
	oldSilent := Coverage{"R": {{Point: "R/door", HeardUntil: local("09:10:00.000")}}, "Q": alwaysOn()["R"]}
	runRows(t, []row{
		{"row 20 W-6 changed 08:20 the same day, no tap, Imperial", imperial, Facts{Sessions: sameDay, Coverage: rooms}, "A=N"},
		{"row 20 W-6 nothing need be heard for it", imperial, Facts{Sessions: sameDay, Coverage: Coverage{}}, "A=N"},
		{"row 21 W-6 changed 23:59 the day before, no tap", imperial, Facts{Sessions: dayBefore, Coverage: rooms}, "A=A"},
		{"row 21 W-6 changed at midnight", imperial, Facts{Sessions: movedAt("2026-10-05 00:00:00.000"), Coverage: rooms}, "A=N"},
		{"row 22 W-6 changed the same day, tap in the new room", imperial, Facts{Sessions: sameDay, Taps: in("Q", "09:05:00.000"), Coverage: rooms}, "A=P"},
		{"row 22 W-6 changed the same day, tap in the old room", imperial, Facts{Sessions: sameDay, Taps: in("R", "09:29:00.000"), Coverage: rooms}, "A=P"},
		{"W-6 moved twice, tap at the first door", imperial, Facts{Sessions: movedTwice, Taps: in("R", "09:05:00.000"), Coverage: rooms}, "A=P"},
		{"W-6 moved there and back, tap where it was for a while", imperial, Facts{Sessions: movedBack, Taps: in("Q", "09:05:00.000"), Coverage: rooms}, "A=P"},
		{"W-6 moved there and back, no tap", imperial, Facts{Sessions: movedBack, Coverage: rooms}, "A=N"},
		{"W-6 tap in a third room", imperial, Facts{Sessions: sameDay, Taps: in("S", "09:05:00.000"), Coverage: rooms}, "A=N"},
		{"W-6 exempt, but authorised: the absence says more", imperial, Facts{Sessions: sameDay, Absences: wholeDay, Coverage: rooms}, "A=E"},
		{"W-6 follow: no tap", follow, Facts{Sessions: sameDay, Coverage: rooms}, "A=A"},
		{"W-6 follow: tap in the new room", follow, Facts{Sessions: sameDay, Taps: in("Q", "09:05:00.000"), Coverage: rooms}, "A=P"},
		{"W-6 follow: tap at the old door 15:00.000 after the start", follow, Facts{Sessions: sameDay, Taps: in("R", "09:15:00.000"), Coverage: rooms}, "A=P"},
		{"W-6 follow: tap at the old door 15:00.001 after the start", follow, Facts{Sessions: sameDay, Taps: in("R", "09:15:00.001"), Coverage: rooms}, "A=A"},
		{"W-6 follow: tap at the old door of a change of the day before", follow, Facts{Sessions: dayBefore, Taps: in("R", "09:05:00.000"), Coverage: rooms}, "A=A"},
		{"W-6 follow: the old door is not heard of yet", follow, Facts{Sessions: sameDay, Coverage: oldSilent}, "A=U"},
		{"W-6 follow without a time for the old door", ports, Facts{Sessions: sameDay, Taps: in("R", "08:55:00.000"), Coverage: oldSilent}, "A=A"},
	})
	m := Marks(Facts{Sessions: sameDay, Taps: in("R", "09:05:00.000")}, follow, evening)[0]
	if want := "Tapped at 09:05:00.000 at R/door, 5:00 min after the start, at the old room: the session moved to Q that day"; m.Reason != want {
		t.Errorf("reason = %q, want %q", m.Reason, want)
	}
}
