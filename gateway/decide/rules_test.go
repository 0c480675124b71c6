package decide

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
)

// The people of the tables. Ada holds two credentials, and a third that she lost.
var (
	ada    = contract.DigestOf([]byte("campus"), "uid:04A2B3C4D5E680")
	adaToo = contract.DigestOf([]byte("campus"), "w26:123:45678")
	lost   = contract.DigestOf([]byte("campus"), "w26:123:1")
	ben    = contract.DigestOf([]byte("campus"), "em:0A00112233")
	nobody = contract.DigestOf([]byte("campus"), "w26:9:9")
)

// at reads a London wall time of October 2026, before and after the clocks go back on the 25th.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	moment, err := time.ParseInLocation("2006-01-02 15:04:05.000", text, london)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// session is a teaching event with the window of W-1: from half an hour before its start to its end.
func session(t testing.TB, id, day, from, to string, rooms ...string) contract.Session {
	t.Helper()
	start, end := at(t, day+" "+from+":00.000"), at(t, day+" "+to+":00.000")
	return contract.Session{ID: id, Rooms: rooms, StartsAt: start, EndsAt: end, OpensAt: start.Add(-30 * time.Minute), ClosesAt: end}
}

// campus has two rooms with doors a (two doors) and b, and Ada on list 0, Ben on list 1, both on list 2.
func campus(t testing.TB, sessions ...contract.Session) *timetable.Index {
	t.Helper()
	tt := &contract.Timetable{
		Version: 7, Building: "north", MadeAt: at(t, "2026-10-01 00:00:00.000"), ValidUntil: at(t, "2026-10-31 00:00:00.000"),
		Points:   []contract.Point{{ID: "a/1", Room: "a"}, {ID: "a/2", Room: "a"}, {ID: "b/1", Room: "b"}},
		Holders:  []contract.Holder{{Digests: []contract.Digest{ada, adaToo}, Blocked: []contract.Digest{lost}}, {Digests: []contract.Digest{ben}}},
		Lists:    []contract.List{{Holders: []uint32{0}}, {Holders: []uint32{1}}, {Holders: []uint32{0, 1}}},
		Sessions: sessions,
	}
	if err := tt.Validate(); err != nil {
		t.Fatal(err)
	}
	return timetable.Build(tt)
}

// tap is one presentation of a table and what is to become of it.
type tap struct {
	point      string
	digest     contract.Digest
	several    bool
	unsuitable bool
	at         string
	want       Decision
}

func accepted(session string) Decision {
	return Decision{Outcome: contract.Accepted, Session: session, Timetable: 7}
}
func duplicate(session string) Decision {
	return Decision{Outcome: contract.Duplicate, Session: session, Timetable: 7}
}
func refused(why contract.Reason, session string) Decision {
	return Decision{Outcome: contract.Refused, Reason: why, Session: session, Timetable: 7}
}

// Each row is one line of the rules' test table, or a case beside it; the taps of a row come one after another.
func TestRules(t *testing.T) {
	monday := "2026-10-05"
	nine := session(t, "nine", monday, "09:00", "10:00", "a")
	ten := session(t, "ten", monday, "10:00", "11:00", "a")
	cancelled := nine
	cancelled.Cancelled = true
	bens := nine
	bens.ID, bens.List = "bens", 1
	winter := session(t, "winter", "2026-10-26", "09:00", "10:00", "a")
	long := nine // a policy may hold the register open beyond the end
	long.ID, long.ClosesAt = "long", long.EndsAt.Add(10*time.Minute)
	twin := nine
	twin.ID = "mine"
	tests := []struct {
		name     string
		sessions []contract.Session
		taps     []tap
	}{
		{"row 1 W-1 one millisecond early", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: monday + " 08:29:59.999", want: refused(contract.WindowClosed, "")}}},
		{"row 2 W-1 first moment", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: monday + " 08:30:00.000", want: accepted("nine")}}},
		{"row 2 W-1 last moment", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: monday + " 10:00:00.000", want: accepted("nine")}}},
		{"row 3 W-1 one millisecond late", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: monday + " 10:00:00.001", want: refused(contract.WindowClosed, "")}}},
		{"row 4 W-1 after the clocks went back", []contract.Session{winter}, []tap{
			{point: "a/1", digest: ada, at: "2026-10-26 08:30:00.000", want: accepted("winter")}}}, // 08:30Z
		{"row 5 W-1 in summer time, 07:30Z", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: monday + " 08:30:00.000", want: accepted("nine")}}},
		{"row 5 W-1 in summer time, 08:30Z", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:30:00.000", want: accepted("nine")}}},
		{"row 6 W-1 back to back, in progress first", []contract.Session{nine, ten}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:45:00.000", want: accepted("nine")}}},
		{"row 7 W-1 back to back, second tap goes to the next", []contract.Session{nine, ten}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:44:00.000", want: accepted("nine")},
			{point: "a/1", digest: ada, at: monday + " 09:45:00.000", want: accepted("ten")}}},
		{"row 8 W-1 end of one and start of the other", []contract.Session{nine, ten}, []tap{
			{point: "a/1", digest: ada, at: monday + " 10:00:00.000", want: accepted("ten")}}},
		{"row 9 W-1 both credited", []contract.Session{nine, ten}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:40:00.000", want: accepted("nine")},
			{point: "a/1", digest: ada, at: monday + " 09:41:00.000", want: accepted("ten")},
			{point: "a/1", digest: ada, at: monday + " 09:42:00.000", want: duplicate("nine")}}},
		{"row 10 W-1 two doors of one room", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:01:00.000", want: accepted("nine")},
			{point: "a/2", digest: ada, at: monday + " 09:02:00.000", want: duplicate("nine")}}},
		{"two credentials of one person", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:01:00.000", want: accepted("nine")},
			{point: "a/1", digest: adaToo, at: monday + " 09:02:00.000", want: duplicate("nine")}}},
		{"row 11 W-2 past the horizon", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: "2026-10-31 00:00:00.001", want: Decision{Outcome: contract.Unjudged, Reason: contract.NoTimetable, Timetable: 7}},
			{point: "a/1", digest: nobody, at: "2026-10-31 00:00:00.001", want: Decision{Outcome: contract.Unjudged, Reason: contract.NoTimetable, Timetable: 7}}}},
		{"row 11 W-2 last moment of the horizon", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: "2026-10-31 00:00:00.000", want: refused(contract.WindowClosed, "")}}},
		{"row 11 W-2 a clock that was never set", []contract.Session{nine}, []tap{
			{point: "a/1", digest: ada, at: "1970-01-01 00:01:00.000", want: Decision{Outcome: contract.Unjudged, Reason: contract.NoTimetable, Timetable: 7}}}},
		{"row 11 W-2 a point the timetable does not name", []contract.Session{nine}, []tap{
			{point: "c/1", digest: ada, at: monday + " 09:00:00.000", want: Decision{Outcome: contract.Unjudged, Reason: contract.NoTimetable, Timetable: 7}}}},
		{"row 12 W-2 cancelled, no other", []contract.Session{cancelled}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:00:00.000", want: refused(contract.WindowClosed, "")}}},
		{"row 13 W-2 two cards in the field", []contract.Session{nine}, []tap{
			{point: "a/1", several: true, at: monday + " 09:00:00.000", want: refused(contract.SeveralCards, "")},
			{point: "a/1", digest: ada, at: monday + " 09:00:01.000", want: accepted("nine")}}},
		{"W-2 a number that names nobody", []contract.Session{nine}, []tap{
			{point: "a/1", unsuitable: true, at: monday + " 09:00:00.000", want: refused(contract.UnsuitableUID, "")},
			{point: "a/1", digest: ada, at: monday + " 09:00:01.000", want: accepted("nine")}}},
		{"W-2 a number that names nobody, past the horizon", []contract.Session{nine}, []tap{
			{point: "a/1", unsuitable: true, at: "2026-10-31 00:00:00.001", want: refused(contract.UnsuitableUID, "")}}},
		{"W-2 a number that names nobody, at a point the timetable does not name", []contract.Session{nine}, []tap{
			{point: "c/1", unsuitable: true, at: monday + " 09:00:00.000", want: refused(contract.UnsuitableUID, "")}}},
		{"W-2 two cards of which one names nobody", []contract.Session{nine}, []tap{
			{point: "a/1", several: true, unsuitable: true, at: monday + " 09:00:00.000", want: refused(contract.SeveralCards, "")}}},
		{"W-2 blocked card", []contract.Session{nine}, []tap{
			{point: "a/1", digest: lost, at: monday + " 09:00:00.000", want: refused(contract.BlockedCard, "nine")}}},
		{"W-2 blocked card, nothing open", nil, []tap{
			{point: "a/1", digest: lost, at: monday + " 09:00:00.000", want: refused(contract.BlockedCard, "")}}},
		{"W-2 unknown card", []contract.Session{nine}, []tap{
			{point: "a/1", digest: nobody, at: monday + " 09:00:00.000", want: refused(contract.UnknownCard, "")}}},
		{"W-8 wrong group", []contract.Session{bens}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:00:00.000", want: refused(contract.NotListed, "bens")},
			{point: "a/1", digest: ben, at: monday + " 09:00:00.000", want: accepted("bens")}}},
		{"W-8 wrong room", []contract.Session{nine}, []tap{
			{point: "b/1", digest: ada, at: monday + " 09:00:00.000", want: refused(contract.WindowClosed, "")}}},
		{"W-8 of two open registers the one with the student counts", []contract.Session{bens, session(t, "adas", monday, "09:30", "10:30", "a")}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:10:00.000", want: accepted("adas")}}},
		{"W-1 in progress is preferred to one that has ended", []contract.Session{long, ten}, []tap{
			{point: "a/1", digest: ada, at: monday + " 10:05:00.000", want: accepted("ten")},
			{point: "a/1", digest: ada, at: monday + " 10:06:00.000", want: accepted("long")}}},
		{"W-1 equal in all but name", []contract.Session{nine, twin}, []tap{
			{point: "a/1", digest: ada, at: monday + " 09:05:00.000", want: accepted("mine")}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x, memory := campus(t, test.sessions...), NewCredited()
			for i, tap := range test.taps {
				got := memory.Decide(x, Facts{Point: tap.point, Digest: tap.digest, Several: tap.several, Unsuitable: tap.unsuitable}, at(t, tap.at))
				if diff := cmp.Diff(got, tap.want); diff != "" {
					t.Errorf("tap %d (-got +want):\n%s", i+1, diff)
				}
			}
		})
	}
}

func TestNoTimetableIsNeverRed(t *testing.T) {
	got := NewCredited().Decide(nil, Facts{Point: "a/1", Digest: ada}, at(t, "2026-10-05 09:00:00.000"))
	want := Decision{Outcome: contract.Unjudged, Reason: contract.NoTimetable}
	if got != want {
		t.Errorf("Decide = %+v, want %+v", got, want)
	}
}

func TestUnsuitableIsRedWithoutATimetable(t *testing.T) {
	got := NewCredited().Decide(nil, Facts{Point: "a/1", Unsuitable: true}, at(t, "2026-10-05 09:00:00.000"))
	want := Decision{Outcome: contract.Refused, Reason: contract.UnsuitableUID}
	if got != want {
		t.Errorf("Decide = %+v, want %+v", got, want)
	}
}

func TestCreditSurvivesANewTimetable(t *testing.T) {
	nine := session(t, "nine", "2026-10-05", "09:00", "10:00", "a")
	memory, now := NewCredited(), at(t, "2026-10-05 09:00:00.000")
	memory.Decide(campus(t, nine), Facts{Point: "a/1", Digest: ada}, now)
	next := timetable.Build(&contract.Timetable{ // holders and lists have other places
		Version: 8, Building: "north", MadeAt: now, ValidUntil: now.Add(time.Hour),
		Points:   []contract.Point{{ID: "a/1", Room: "a"}},
		Holders:  []contract.Holder{{Digests: []contract.Digest{ben}}, {Digests: []contract.Digest{adaToo, ada}}},
		Lists:    []contract.List{{Holders: []uint32{0, 1}}},
		Sessions: []contract.Session{nine},
	})
	got := memory.Decide(next, Facts{Point: "a/1", Digest: adaToo}, now)
	if want := (Decision{Outcome: contract.Duplicate, Session: "nine", Timetable: 8}); got != want {
		t.Errorf("Decide = %+v, want %+v", got, want)
	}
}

func TestWithdrawnCreditIsGivenAgain(t *testing.T) {
	x, memory, now := campus(t, session(t, "nine", "2026-10-05", "09:00", "10:00", "a")), NewCredited(), at(t, "2026-10-05 09:00:00.000")
	f := Facts{Point: "a/1", Digest: ada}
	memory.Withdraw(f, memory.Decide(x, f, now))
	if got, want := memory.Decide(x, f, now), accepted("nine"); got != want {
		t.Errorf("Decide = %+v, want %+v", got, want)
	}
	memory.Withdraw(f, duplicate("nine")) // of a tap that gave no credit
	if got, want := memory.Decide(x, f, now), duplicate("nine"); got != want {
		t.Errorf("Decide = %+v, want %+v", got, want)
	}
}

func TestRecallTakesOnlyCredits(t *testing.T) {
	x, now := campus(t, session(t, "nine", "2026-10-05", "09:00", "10:00", "a")), at(t, "2026-10-05 09:00:00.000")
	record := func(o contract.Outcome) contract.Record {
		return contract.Record{Stamp: contract.Stamp{At: now}, Tap: &contract.Tap{Point: "a/1", Digest: ada, Outcome: o, Session: "nine"}}
	}
	for o, want := range map[contract.Outcome]Decision{
		contract.Accepted: duplicate("nine"), contract.Refused: accepted("nine"), contract.Unjudged: accepted("nine"), contract.Duplicate: accepted("nine"),
	} {
		memory := NewCredited()
		memory.Recall(record(o))
		memory.Recall(contract.Record{Heartbeat: &contract.Heartbeat{}})
		if got := memory.Decide(x, Facts{Point: "a/1", Digest: ada}, now); got != want {
			t.Errorf("after %v: Decide = %+v, want %+v", o, got, want)
		}
	}
}

func TestCreditIsForgottenAfterADay(t *testing.T) {
	memory, now := NewCredited(), at(t, "2026-10-05 09:00:00.000")
	for i := range 1000 {
		memory.Recall(contract.Record{Stamp: contract.Stamp{At: now.Add(time.Duration(i) * time.Hour)},
			Tap: &contract.Tap{Digest: ada, Outcome: contract.Accepted, Session: fmt.Sprint(i)}})
	}
	if got, want := memory.Len(), 25; got != want { // the last one and the 24 hours before it
		t.Errorf("Len = %d, want %d", got, want)
	}
}

func TestMemoryIsBoundedUnderABackwardClock(t *testing.T) {
	memory, now := NewCredited(), at(t, "2026-10-05 09:00:00.000")
	for i := range maxCredits + 10 {
		memory.Recall(contract.Record{Stamp: contract.Stamp{At: now.Add(-time.Duration(i) * time.Second)},
			Tap: &contract.Tap{Digest: ada, Outcome: contract.Accepted, Session: fmt.Sprint(i)}})
	}
	if got := memory.Len(); got > maxCredits {
		t.Errorf("Len = %d, want at most %d", got, maxCredits)
	}
}
