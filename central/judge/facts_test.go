package judge

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/register"
)

// What facts say of sessions and of times away reaches the register; the rest is for the rules alone.
func TestRegisterFacts(t *testing.T) {
	at, until := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC), time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC)
	fact := func(id int64, kind engagement.Kind, of string) engagement.Fact {
		return engagement.Fact{ID: id, Kind: kind, Of: of, At: at, Until: until, Note: "why", By: "j.tutor", RecordedAt: until}
	}
	c := Case{
		Person: engagement.Person{ID: "s1", Delivery: "placement"},
		Known:  map[engagement.Kind]time.Time{engagement.Joined: until, engagement.Login: at},
		Events: []engagement.Fact{
			fact(1, engagement.Announced, "A"), fact(2, engagement.Left, "B"), fact(3, engagement.Joined, "C"), fact(4, engagement.Exempted, "D"),
			fact(5, engagement.Leave, ""), fact(6, engagement.Placement, "Acme"), fact(7, engagement.Login, "A"), fact(8, engagement.Work, "Acme"),
		},
	}
	note := func(id int64, kind register.NoteKind, session string) register.Note {
		return register.Note{ID: id, Kind: kind, Session: session, At: at, RecordedAt: until, By: "j.tutor", Text: "why"}
	}
	want := register.Facts{
		Delivery: "placement", JoinsKnown: until,
		Notes: []register.Note{note(1, register.Announced, "A"), note(2, register.LeftEarly, "B"), note(3, register.JoinedOnline, "C"), note(4, register.Exempted, "D")},
		Away:  []register.Away{{Since: at, Until: until}, {Since: at, Until: until, Placement: true}},
	}
	if diff := cmp.Diff(want, c.registerFacts()); diff != "" {
		t.Errorf("facts of the register differ (-want +got):\n%s", diff)
	}
}
