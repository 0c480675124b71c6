package register

import (
	"testing"
)

func TestPhoneWindow(t *testing.T) {
	imperial, literal := shipped(t, "imperial", "in_person: [card, pass, ble_heard, staff]", "in_person: []"), shipped(t, "imperial", "opens: start-30m", "opens: start", "in_person: [card, pass, ble_heard, staff]", "in_person: []")
	nine := []*Session{lesson("A", "09:00", "10:00")}
	runRows(t, []row{
		{"row 14 W-3 start+30:00.000", imperial, Facts{Sessions: nine, Taps: tapped("09:30:00.000")}, "A=P"},
		{"row 14 W-3 start+30:00.001", imperial, Facts{Sessions: nine, Taps: tapped("09:30:00.001")}, "A=A"},
		{"row 15 W-3 start-30:00.000 with open_before 30", imperial, Facts{Sessions: nine, Taps: tapped("08:30:00.000")}, "A=P"},
		{"row 15 W-3 start-30:00.000 with open_before 0", literal, Facts{Sessions: nine, Taps: tapped("08:30:00.000")}, "A=A"},
		{"W-3 at the start with open_before 0", literal, Facts{Sessions: nine, Taps: tapped("09:00:00.000")}, "A=P"},
	})
}

func TestChainedClasses(t *testing.T) {
	chained := shipped(t, "portsmouth", "room_change: follow", "room_change: follow\n  chain_classes: true")
	class := func(id, from, to string) *Session {
		s := lesson(id, from, to)
		s.Module, s.Kind, s.List = "LAW", "lecture", "everybody"
		return s
	}
	but := func(s *Session, change func(*Session)) *Session {
		other := *s
		change(&other)
		return &other
	}
	a, b, c := class("A", "09:00", "10:00"), class("B", "10:00", "11:00"), class("C", "11:00", "12:00")
	one := tapped("08:55:00.000")
	runRows(t, []row{
		{"row 6 W-1 chain_classes off", shipped(t, "portsmouth"), Facts{Sessions: []*Session{a, b}, Taps: one}, "A=P B=A"},
		{"row 6 W-1 chain_classes: one tap for a class of three hours", chained, Facts{Sessions: []*Session{a, b, c}, Taps: one}, "A=P B=P C=P"},
		{"W-1 chain_classes: whatever the order of sessions", chained, Facts{Sessions: []*Session{c, b, a}, Taps: one}, "C=P B=P A=P"},
		{"W-1 chain_classes: forwards only", chained, Facts{Sessions: []*Session{a, b, c}, Taps: tapped("10:10:00.000")}, "A=A B=P C=P"},
		{"W-1 chain_classes: a second tap changes nothing", chained, Facts{Sessions: []*Session{a, b}, Taps: append(tapped("10:20:00.000"), one...)}, "A=P B=P"},
		{"W-1 chain_classes: another list", chained, Facts{Sessions: []*Session{a, but(b, func(s *Session) { s.List = "group 2" })}, Taps: one}, "A=P B=A"},
		{"W-1 chain_classes: a list that is not known", chained, Facts{Sessions: []*Session{but(a, func(s *Session) { s.List = "" }), but(b, func(s *Session) { s.List = "" })}, Taps: one}, "A=P B=A"},
		{"W-1 chain_classes: another module", chained, Facts{Sessions: []*Session{a, but(b, func(s *Session) { s.Module = "ART" })}, Taps: one}, "A=P B=A"},
		{"W-1 chain_classes: a lecture and its seminar", chained, Facts{Sessions: []*Session{a, but(b, func(s *Session) { s.Kind = "seminar" })}, Taps: one}, "A=P B=A"},
		{"W-1 chain_classes: a break between", chained, Facts{Sessions: []*Session{a, class("B", "10:05", "11:00")}, Taps: one}, "A=P B=A"},
		{"W-1 chain_classes: another room", chained, Facts{Sessions: []*Session{a, but(b, func(s *Session) { s.Rooms = []string{"Q"} })}, Taps: one,
			Coverage: Coverage{"R": alwaysOn()["R"], "Q": alwaysOn()["R"]}}, "A=P B=A"},
		{"W-1 chain_classes: the second is cancelled", chained, Facts{Sessions: []*Session{a, but(b, func(s *Session) { s.Cancelled = true }), c}, Taps: one}, "A=P B=X C=A"},
	})
	got := Marks(Facts{Sessions: []*Session{a, b}, Taps: one}, chained, evening)[1].Reason
	if want := "Tapped at 08:55:00.000 at R/door, 65:00 min before the start, for the class that goes on in this session"; got != want {
		t.Errorf("reason = %q, want %q", got, want)
	}
}
