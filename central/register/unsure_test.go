package register

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/policy"
)

// unsure is a tap that was made between two local times of the day; "" is no lower bound.
func unsure(seq uint64, earliest, latest string) Unsure {
	u := Unsure{Latest: local(latest + ":00.000")}
	if earliest != "" {
		u.Earliest = local(earliest + ":00.000")
	}
	u.Tap = tapAt(seq, u.Latest)
	return u
}

// A tap without a time neither makes a mark nor denies one, unless the mark is the same whenever it was.
func TestUnsureTaps(t *testing.T) {
	present15 := policy.Marking{PresentWithin: policy.Duration(15 * time.Minute), LateWithin: policy.Duration(30 * time.Minute)}
	nine, eleven := lesson("nine", "09:00", "10:00"), lesson("eleven", "11:00", "12:00")
	overlap := lesson("overlap", "09:30", "10:30")
	elsewhere := lesson("elsewhere", "09:00", "10:00")
	elsewhere.Rooms = []string{"S"}
	cancelled := lesson("cancelled", "09:00", "10:00")
	cancelled.Cancelled = true
	exit := unsure(1, "09:00", "09:10")
	exit.Exit = true
	sure := func(clock string) []Tap { return []Tap{tapAt(7, local(clock+":00.000"))} }
	for _, tt := range []struct {
		name     string
		sessions []*Session
		taps     []Tap
		unsure   []Unsure
		want     string // codes in order
	}{
		{"within one register, on time throughout", []*Session{nine, eleven}, nil, []Unsure{unsure(1, "08:50", "09:10")}, "PA"},
		{"within one register, late throughout", []*Session{nine}, nil, []Unsure{unsure(1, "09:16", "09:29")}, "L"},
		{"on time or late", []*Session{nine}, nil, []Unsure{unsure(1, "09:10", "09:20")}, "U"},
		{"the last moment is late by a minute", []*Session{nine}, nil, []Unsure{unsure(1, "09:00", "09:16")}, "U"},
		{"the first moment is before the register opened", []*Session{nine}, nil, []Unsure{unsure(1, "08:29", "09:00")}, "U"},
		{"too late throughout", []*Session{nine}, nil, []Unsure{unsure(1, "09:35", "09:55")}, "A"},
		{"in one of two registers", []*Session{nine, eleven}, nil, []Unsure{unsure(1, "09:00", "11:00")}, "UU"},
		{"between the registers, and outside of both", []*Session{nine, eleven}, nil, []Unsure{unsure(1, "10:01", "10:29")}, "AA"},
		{"two registers overlap", []*Session{nine, overlap}, nil, []Unsure{unsure(1, "09:05", "09:10")}, "UU"},
		{"a boot without any bound", []*Session{nine, eleven}, nil, []Unsure{unsure(1, "", "10:00")}, "UA"},
		{"the door of another room", []*Session{elsewhere}, nil, []Unsure{unsure(1, "09:00", "09:10")}, "U"}, // never heard of: U all the same
		{"beside a tap on time it changes nothing", []*Session{nine, eleven}, sure("09:00"), []Unsure{unsure(1, "09:00", "11:00")}, "PU"},
		{"it may be the earlier of two", []*Session{nine}, sure("09:20"), []Unsure{unsure(1, "08:59", "09:40")}, "U"},
		{"it is the later of two", []*Session{nine}, sure("09:20"), []Unsure{unsure(1, "09:21", "10:40")}, "L"},
		{"at an exit", []*Session{nine}, nil, []Unsure{exit}, "A"},
		{"of a cancelled session", []*Session{cancelled}, nil, []Unsure{unsure(1, "09:00", "09:10")}, "X"},
		{"two of one student: the one that is sure to be on time is credited", []*Session{nine}, nil, []Unsure{unsure(1, "08:50", "09:40"), unsure(2, "08:50", "09:10")}, "P"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			marks := Marks(Facts{Sessions: tt.sessions, Taps: tt.taps, Unsure: tt.unsure, Coverage: alwaysOn()}, always(present15), evening)
			got := ""
			for _, m := range marks {
				got += string(m.Code)
			}
			if got != tt.want {
				t.Errorf("codes = %s, want %s: %+v", got, tt.want, marks)
			}
		})
	}
}

func TestUnsureTapIsTold(t *testing.T) {
	nine := lesson("nine", "09:00", "10:00")
	marks := func(u Unsure) Mark {
		return Marks(Facts{Sessions: []*Session{nine}, Unsure: []Unsure{u}, Coverage: alwaysOn()}, always(policy.Marking{}), evening)[0]
	}
	credited := marks(unsure(1, "08:50", "09:10"))
	if credited.Tap == nil || !strings.HasPrefix(credited.Reason, "Tapped at R/door between 5 Oct 2026 08:50:00 and 5 Oct 2026 09:10:00: the clock there was not set") {
		t.Errorf("mark = %+v, want its tap and the bounds", credited)
	}
	doubted := marks(unsure(1, "", "09:10"))
	want := "Not known: a tap at R/door before 5 Oct 2026 09:10:00 may belong here, and the clock there was not set; somebody must look. Without it: No tap"
	if !strings.HasPrefix(doubted.Reason, want) || doubted.Tap != nil {
		t.Errorf("mark = %+v, want the reason %q", doubted, want)
	}
}

// What people decided stands, and so does what does not count against the student.
func TestUnsureTapLeavesDecisionsAlone(t *testing.T) {
	nine := lesson("nine", "09:00", "10:00")
	f := Facts{Sessions: []*Session{nine}, Unsure: []Unsure{unsure(1, "08:00", "11:00")}, Coverage: alwaysOn()}
	closed := f
	closed.Sessions = []*Session{lesson("nine", "09:00", "10:00")}
	closed.Sessions[0].ClosedBy = "a lecturer"
	amended := f
	amended.Amendments = []Amendment{{ID: 1, Session: "nine", Code: Absent, Reason: "was seen elsewhere", Actor: "a lecturer", MadeAt: evening}}
	exempted := f
	exempted.Notes = []Note{{ID: 1, Kind: Exempted, Session: "nine", Text: "plays for the university"}}
	for name, tt := range map[string]struct {
		facts Facts
		want  Code
	}{
		"silence":                        {f, Unknown},
		"a register closed by hand":      {closed, Unknown}, // says that nobody else came, not who did
		"a code recorded by staff":       {amended, Absent},
		"a student of whom nobody asked": {exempted, NotNeeded},
	} {
		if got := Marks(tt.facts, always(policy.Marking{}), evening)[0]; got.Code != tt.want {
			t.Errorf("%s: %s (%s), want %s", name, got.Code, got.Reason, tt.want)
		}
	}
}
