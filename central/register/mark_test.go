package register

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// london reads a local time as RULES section 4 writes it.
func london(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05.000", text, calendar.London)
	if err != nil {
		panic(err)
	}
	return t
}

func utc(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

const day = "2026-10-05 "

// lesson is a session in room R with the W-1 window: thirty minutes before the start to the end.
func lesson(id, from, to string) *Session {
	start, end := london(day+from+":00.000"), london(day+to+":00.000")
	return &Session{ID: id, Rooms: []string{"R"}, StartsAt: start, EndsAt: end}
}

func tapAt(seq uint64, at time.Time) Tap {
	return Tap{ID: contract.TapID{Stream: contract.Stream{1}, Seq: seq}, At: at, Point: "R/door", Room: "R"}
}

func local(clock string) time.Time { return london(day + clock) }

// alwaysOn is a room whose reader worked and delivered all day.
func alwaysOn() Coverage {
	return Coverage{"R": {{Point: "R/door", HeardUntil: local("23:59:59.000"), Working: []Interval{{local("00:00:00.000"), local("23:59:59.000")}}}}}
}

var evening = local("20:00:00.000")

// always is one policy on every day.
func always(m policy.Marking) policy.ByDay {
	m.Opens, m.Closes, m.MinCoverage = policy.Edge{Offset: -30 * time.Minute}, policy.Edge{End: true}, 95
	p := &policy.Policy{Name: "test", Version: 1, Marking: m}
	return func(calendar.Day) *policy.Policy { return p }
}

// Without lateness, for the rows about windows alone; and as source 004 has it, items 2 and 3.
var (
	noLateness = always(policy.Marking{})
	college    = always(policy.Marking{PresentWithin: policy.Duration(15 * time.Minute), LateWithin: policy.Duration(30 * time.Minute)})
)

// codes is the register as text: "A=P B=A".
func codes(marks []Mark) string {
	var parts []string
	for _, m := range marks {
		parts = append(parts, m.Session.ID+"="+string(m.Code))
	}
	return strings.Join(parts, " ")
}

func TestRows(t *testing.T) {
	nine, ten := lesson("A", "09:00", "10:00"), lesson("B", "10:00", "11:00")
	cancelled, closed := lesson("A", "09:00", "10:00"), lesson("A", "09:00", "10:00")
	cancelled.Cancelled, closed.ClosedBy = true, "j.tutor"
	twoRooms := lesson("A", "09:00", "10:00")
	twoRooms.Rooms = []string{"R", "Q"}
	until := func(clock string) Coverage {
		return Coverage{"R": {{Point: "R/door", HeardUntil: local(clock), Working: []Interval{{local("08:00:00.000"), local(clock)}}}}}
	}
	octoberStart := utc("2026-10-26T09:00:00Z")
	afterChange := &Session{ID: "A", Rooms: []string{"R"}, StartsAt: octoberStart, EndsAt: octoberStart.Add(time.Hour)}

	tests := []struct {
		name  string
		facts Facts
		now   time.Time
		want  string
	}{
		{"row 1 W-1 one millisecond early", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, local("08:29:59.999"))}, Coverage: alwaysOn()}, evening, "A=A"},
		{"row 2 W-1 window opens", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, local("08:30:00.000"))}}, evening, "A=P"},
		{"row 2 W-1 window closes", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, local("10:00:00.000"))}}, evening, "A=P"},
		{"row 3 W-1 one millisecond late", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, local("10:00:00.001"))}, Coverage: alwaysOn()}, evening, "A=A"},
		{"row 4 W-1 after the clocks went back", Facts{Sessions: []*Session{afterChange}, Taps: []Tap{tapAt(1, utc("2026-10-26T08:30:00Z"))}}, afterChange.EndsAt, "A=P"},
		{"row 5 W-1 summer time, window opens", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, utc("2026-10-05T07:30:00Z"))}}, evening, "A=P"},
		{"row 5 W-1 summer time, in progress", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, utc("2026-10-05T08:30:00Z"))}}, evening, "A=P"},
		{"row 6 W-1 back to back, first tap", Facts{Sessions: []*Session{nine, ten}, Taps: []Tap{tapAt(1, local("09:45:00.000"))}, Coverage: alwaysOn()}, evening, "A=P B=A"},
		{"row 7 W-1 back to back, second tap", Facts{Sessions: []*Session{nine, ten}, Taps: []Tap{tapAt(1, local("09:10:00.000")), tapAt(2, local("09:45:00.000"))}}, evening, "A=P B=P"},
		{"row 8 W-1 on the boundary", Facts{Sessions: []*Session{nine, ten}, Taps: []Tap{tapAt(1, local("10:00:00.000"))}, Coverage: alwaysOn()}, evening, "A=A B=P"},
		{"row 9 W-1 both credited, tap again", Facts{Sessions: []*Session{nine, ten}, Taps: []Tap{tapAt(1, local("09:10:00.000")), tapAt(2, local("09:45:00.000")), tapAt(3, local("09:50:00.000"))}}, evening, "A=P B=P"},
		{"row 11 W-2 stored without a timetable", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, local("09:05:00.000"))}}, evening, "A=P"},
		{"row 12 W-2 cancelled, no other: the tap credits nothing", Facts{Sessions: []*Session{cancelled, ten}, Taps: []Tap{tapAt(1, local("09:05:00.000"))}, Coverage: alwaysOn()}, evening, "A=X B=A"},
		{"row 23 W-7 present, then cancelled", Facts{Sessions: []*Session{cancelled}, Taps: []Tap{tapAt(1, local("09:05:00.000"))}}, evening, "A=X"},
		{"row 36 G-3 watermark before the window closes", Facts{Sessions: []*Session{nine}, Coverage: until("09:40:00.000")}, evening, "A=U"},
		{"row 37 G-3 watermark reaches the close", Facts{Sessions: []*Session{nine}, Coverage: until("10:00:00.000")}, evening, "A=A"},
		{"row 38 G-3 closed by staff while the gateway is down", Facts{Sessions: []*Session{closed}}, evening, "A=A"},
		{"row 38 G-3 the tap arrives later", Facts{Sessions: []*Session{closed}, Taps: []Tap{tapAt(1, local("09:01:00.000"))}}, evening, "A=P"},
		{"row 77 G-4 authorised, but tapped", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, local("09:01:00.000"))}, Absences: []Absence{{Since: local("00:00:00.000"), Until: local("23:59:59.000"), Reason: "illness"}}}, evening, "A=P"},
		{"G-4 authorised, no tap", Facts{Sessions: []*Session{nine, ten}, Absences: []Absence{{Since: local("00:00:00.000"), Until: local("10:30:00.000"), Reason: "illness"}}, Coverage: alwaysOn()}, evening, "A=E B=A"},
		{"G-4 amended over a tap", Facts{Sessions: []*Session{nine}, Taps: []Tap{tapAt(1, local("09:01:00.000"))}, Amendments: []Amendment{{ID: 1, Session: "A", Code: Absent, MadeAt: local("12:00:00.000")}}}, evening, "A=A"},
		{"G-3 register still open", Facts{Sessions: []*Session{nine}, Coverage: alwaysOn()}, local("10:00:00.000"), "A=U"},
		{"G-3 the second room has no reader", Facts{Sessions: []*Session{twoRooms}, Coverage: alwaysOn()}, evening, "A=A"},
		{"G-3 room without readers", Facts{Sessions: []*Session{nine}}, evening, "A=U"},
		{"W-8 tap in another room", Facts{Sessions: []*Session{nine}, Taps: []Tap{{ID: contract.TapID{Seq: 1}, At: local("09:01:00.000"), Point: "Q/door", Room: "Q"}}, Coverage: alwaysOn()}, evening, "A=A"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := codes(Marks(tt.facts, noLateness, tt.now)); got != tt.want {
				t.Errorf("marks = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRow10EarliestOfThreeReaders(t *testing.T) {
	f := Facts{Sessions: []*Session{lesson("A", "09:00", "10:00")}, Taps: []Tap{tapAt(9, local("09:07:00.000")), tapAt(3, local("08:58:30.250"))}}
	marks := Marks(f, noLateness, evening)
	if len(marks) != 1 || marks[0].Tap == nil || marks[0].Tap.ID.Seq != 3 {
		t.Fatalf("marks = %+v, want one, by the tap of 08:58:30.250", marks)
	}
	if want := "Tapped at 08:58:30.250 at R/door, 1:29 min before the start"; marks[0].Reason != want {
		t.Errorf("reason = %q, want %q", marks[0].Reason, want)
	}
}

func TestRow31Lateness(t *testing.T) {
	tests := []struct {
		clock string
		want  Code
	}{
		{"08:55:00.000", Present}, {"09:15:00.000", Present}, {"09:15:00.001", Late}, {"09:30:00.000", Late}, {"09:30:00.001", Absent},
	}
	for _, tt := range tests {
		f := Facts{Sessions: []*Session{lesson("A", "09:00", "10:00")}, Taps: []Tap{tapAt(1, local(tt.clock))}}
		got := Marks(f, college, evening)[0]
		if got.Code != tt.want || got.Tap == nil {
			t.Errorf("tap at %s = %s with tap %v, want %s with the tap kept", tt.clock, got.Code, got.Tap, tt.want)
		}
	}
}

func TestLatestAmendmentHolds(t *testing.T) {
	noon := local("12:00:00.000")
	f := Facts{Sessions: []*Session{lesson("A", "09:00", "10:00")}, Amendments: []Amendment{
		{ID: 2, Session: "A", Code: Present, MadeAt: noon}, {ID: 1, Session: "A", Code: Absent, MadeAt: noon}, {ID: 3, Session: "B", Code: Late, MadeAt: noon.Add(time.Hour)},
	}}
	if got := codes(Marks(f, noLateness, evening)); got != "A=P" {
		t.Errorf("marks = %s, want A=P: the amendment with the higher number", got)
	}
}

// The readers' word: gaps of up to 5 % of the window are borne, more is not; two readers of a room help one another, but
// each must have delivered.
func TestCoverageGate(t *testing.T) {
	at := func(clock string) time.Time { return local(clock + ":00.000") }
	// The window is 08:30-10:00, ninety minutes; 5 % of it is 4.5 minutes.
	tests := []struct {
		name string
		room RoomCoverage
		want string
	}{
		{"gap of four minutes", RoomCoverage{{Point: "d", HeardUntil: at("10:00"), Working: []Interval{{at("08:30"), at("09:00")}, {at("09:04"), at("10:00")}}}}, "A=A"},
		{"gap of five minutes", RoomCoverage{{Point: "d", HeardUntil: at("10:00"), Working: []Interval{{at("08:30"), at("09:00")}, {at("09:05"), at("10:00")}}}}, "A=U"},
		{"the other reader fills the gap", RoomCoverage{
			{Point: "d", HeardUntil: at("10:00"), Working: []Interval{{at("08:30"), at("09:00")}}}, {Point: "e", HeardUntil: at("10:00"), Working: []Interval{{at("08:50"), at("10:00")}}}}, "A=A"},
		{"the other reader has not delivered", RoomCoverage{
			{Point: "d", HeardUntil: at("10:00"), Working: []Interval{{at("08:00"), at("11:00")}}}, {Point: "e", HeardUntil: at("09:59")}}, "A=U"},
		{"overlaps count once", RoomCoverage{{Point: "d", HeardUntil: at("10:00"), Working: []Interval{{at("08:30"), at("09:20")}, {at("08:30"), at("09:20")}}}}, "A=U"},
		{"never heard of", RoomCoverage{{Point: "d", HeardUntil: time.Time{}}}, "A=U"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := Facts{Sessions: []*Session{lesson("A", "09:00", "10:00")}, Coverage: Coverage{"R": tt.room}}
			if got := codes(Marks(f, noLateness, evening)); got != tt.want {
				t.Errorf("marks = %s, want %s", got, tt.want)
			}
		})
	}
}

// A session in two rooms is covered where both are: who tapped in neither may have stood at the door that could not hear. A room
// that has no reader is left out, since people tap where there is one.
func TestCoverageGateOfTwoRooms(t *testing.T) {
	at := func(clock string) time.Time { return local(clock + ":00.000") }
	heard := func(room, from, to string) RoomCoverage {
		return RoomCoverage{{Point: room + "/door", HeardUntil: at("10:00"), Working: []Interval{{at(from), at(to)}}}}
	}
	lecture := lesson("A", "09:00", "10:00")
	lecture.Rooms = []string{"R", "Q"}
	exit := heard("Q", "08:30", "10:00")
	exit[0].Exit = true
	for name, tt := range map[string]struct {
		coverage Coverage
		want     string
	}{
		"both covered":                             {Coverage{"R": heard("R", "08:30", "10:00"), "Q": heard("Q", "08:30", "10:00")}, "A=A"},
		"the second for two thirds":                {Coverage{"R": heard("R", "08:30", "10:00"), "Q": heard("Q", "08:30", "09:30")}, "A=U"},
		"the first for two thirds":                 {Coverage{"R": heard("R", "09:00", "10:00"), "Q": heard("Q", "08:30", "10:00")}, "A=U"},
		"each for a half, together the whole":      {Coverage{"R": heard("R", "08:30", "09:15"), "Q": heard("Q", "09:15", "10:00")}, "A=U"},
		"the second has no reader":                 {Coverage{"R": heard("R", "08:30", "10:00")}, "A=A"},
		"the second has a reader for leaving only": {Coverage{"R": heard("R", "08:30", "10:00"), "Q": exit}, "A=A"},
		"neither has a reader":                     {Coverage{}, "A=U"},
	} {
		f := Facts{Sessions: []*Session{lecture}, Coverage: tt.coverage}
		if got := codes(Marks(f, noLateness, evening)); got != tt.want {
			t.Errorf("%s: marks = %s, want %s", name, got, tt.want)
		}
	}
}

// Each session is marked by the policy of its own day, windows included; where none holds, nothing is concluded.
func TestPolicyOfTheDay(t *testing.T) {
	monday, tuesday, wednesday := lesson("A", "09:00", "10:00"), lesson("B", "09:00", "10:00"), lesson("C", "09:00", "10:00")
	for i, s := range []*Session{tuesday, wednesday} {
		s.StartsAt, s.EndsAt = s.StartsAt.AddDate(0, 0, i+1), s.EndsAt.AddDate(0, 0, i+1)
	}
	old := &policy.Policy{Name: "house", Version: 1, Marking: policy.Marking{Opens: policy.Edge{Offset: -30 * time.Minute}, Closes: policy.Edge{End: true}, MinCoverage: 95}}
	narrow := *old
	narrow.Version, narrow.Marking.Opens = 2, policy.Edge{}
	byDay := func(d calendar.Day) *policy.Policy {
		return map[int]*policy.Policy{5: old, 6: &narrow}[d.Day]
	}
	f := Facts{Sessions: []*Session{monday, tuesday, wednesday}, Coverage: Coverage{"R": {{
		Point: "R/door", HeardUntil: evening.AddDate(0, 0, 3), Working: []Interval{{monday.StartsAt.Add(-time.Hour), evening.AddDate(0, 0, 3)}},
	}}}}
	for i := range f.Sessions { // each day ten minutes before the start
		f.Taps = append(f.Taps, tapAt(uint64(i+1), f.Sessions[i].StartsAt.Add(-10*time.Minute)))
	}
	marks := Marks(f, byDay, evening.AddDate(0, 0, 3))
	var got []string
	for _, m := range marks {
		got = append(got, m.Session.ID+"="+string(m.Code)+" "+m.Policy)
	}
	if want := []string{"A=P house v1", "B=A house v2", "C=U "}; !slices.Equal(got, want) {
		t.Errorf("marks = %q, want %q", got, want)
	}
}
