package register

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/policy"
	"pgregory.net/rapid"
)

// policiesOfTests are the shipped ones, and one that uses what no shipped one does.
func policiesOfTests(t *testing.T) []policy.ByDay {
	all := []policy.ByDay{shipped(t, "college", "room_change: follow", "room_change: follow\n  chain_classes: true")}
	for _, name := range []string{"imperial", "portsmouth", "bedfordshire", "stmarys", "college", "blank"} {
		all = append(all, shipped(t, name))
	}
	return all
}

// Order of arrival, repetition and lateness of facts must not matter.
func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	policies := policiesOfTests(t)
	rapid.Check(t, func(t *rapid.T) {
		f, p := drawFacts(t), rapid.SampledFrom(policies).Draw(t, "policy")
		told := f
		told.Taps = twice(t, f.Taps)
		told.Amendments = twice(t, f.Amendments)
		told.Notes = twice(t, f.Notes)
		told.Absences = twice(t, f.Absences)
		told.Away = twice(t, f.Away)
		if diff := cmp.Diff(Marks(f, p, evening), Marks(told, p, evening)); diff != "" {
			t.Fatalf("marks differ when facts arrive otherwise (-want +got):\n%s", diff)
		}
	})
}

// twice tells facts again, in another order.
func twice[F any](t *rapid.T, facts []F) []F {
	return rapid.Permutation(append(slices.Clone(facts), facts...)).Draw(t, "told")
}

// While no reader is heard and no register is closed by hand, nobody is absent but by the word of staff or by taps of
// their own (G-3).
func TestSilenceOfReadersProvesNothing(t *testing.T) {
	policies := policiesOfTests(t)
	rapid.Check(t, func(t *rapid.T) {
		f, p := drawFacts(t), rapid.SampledFrom(policies).Draw(t, "policy")
		f.Coverage, f.Amendments = nil, nil
		for _, m := range Marks(f, p, evening) {
			if m.Code == Absent && m.Source != FromTap && m.Source != FromStaff {
				t.Fatalf("%s is A from %s: %s", m.Session.ID, m.Source, m.Reason)
			}
		}
	})
}

// A tap credits one session, unless a class goes on, and what it credits is one of its own.
func TestCreditsAreTheStudentsOwnTaps(t *testing.T) {
	policies := policiesOfTests(t)[1:] // without classes that go on
	rapid.Check(t, func(t *rapid.T) {
		f, p := drawFacts(t), rapid.SampledFrom(policies).Draw(t, "policy")
		credited := map[contract.TapID]string{}
		for _, m := range Marks(f, p, evening) {
			if m.Tap == nil {
				continue
			}
			if other := credited[m.Tap.ID]; other != "" {
				t.Fatalf("tap %s credits %s and %s", m.Tap.ID, other, m.Session.ID)
			}
			credited[m.Tap.ID] = m.Session.ID
			opens, closes := p(calendar.DayOf(m.Session.StartsAt)).Window(m.Session.StartsAt, m.Session.EndsAt)
			if m.Tap.Exit || m.Tap.At.Before(opens) || m.Tap.At.After(closes) {
				t.Fatalf("%s is credited by a tap at %v (exit %v)", m.Session.ID, m.Tap.At, m.Tap.Exit)
			}
		}
	})
}

func drawFacts(t *rapid.T) Facts {
	var f Facts
	minute := func(from, to int, what string) time.Time {
		return local("00:00:00.000").Add(time.Duration(rapid.IntRange(from*60, to*60).Draw(t, what)) * time.Minute)
	}
	names := []string{"A", "B", "C", "D"}
	for i := range rapid.IntRange(1, 4).Draw(t, "sessions") {
		start := local("09:00:00.000").Add(time.Duration(rapid.IntRange(0, 12).Draw(t, "start")) * 15 * time.Minute)
		s := &Session{ID: names[i], Module: "LAW", List: "all", Rooms: []string{"R"}, StartsAt: start, EndsAt: start.Add(time.Hour)}
		s.Delivery = rapid.SampledFrom([]string{"", "online", "hybrid"}).Draw(t, "delivery")
		if rapid.Bool().Draw(t, "moved") {
			s.Moves = []Move{{At: minute(-24, 9, "moved at"), Room: "Q"}}
		}
		f.Sessions = append(f.Sessions, s)
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "taps") {
		tap := tapAt(uint64(i+1), local("08:00:00.000").Add(time.Duration(rapid.IntRange(0, 5*3600).Draw(t, "second"))*time.Second))
		tap.Room = rapid.SampledFrom([]string{"R", "Q", "S"}).Draw(t, "room")
		tap.Exit = rapid.IntRange(0, 3).Draw(t, "exit") == 0
		tap.Evidence = rapid.SampledFrom([]contract.Evidence{contract.EvidenceCard, contract.EvidenceBLEReported}).Draw(t, "evidence")
		f.Taps = append(f.Taps, tap)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "amendments") {
		f.Amendments = append(f.Amendments, Amendment{ID: int64(i + 1), Session: "A", Code: rapid.SampledFrom([]Code{Present, Absent}).Draw(t, "code"), MadeAt: evening})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "notes") {
		f.Notes = append(f.Notes, Note{
			ID: int64(i + 1), Kind: rapid.SampledFrom([]NoteKind{Announced, LeftEarly, JoinedOnline, Exempted}).Draw(t, "kind"),
			Session: rapid.SampledFrom(names).Draw(t, "of"), At: minute(8, 14, "noted at"), RecordedAt: evening, Text: "told",
		})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "absences") {
		a := Absence{ID: int64(i + 1), Since: minute(0, 12, "since"), Until: minute(12, 24, "until"), Reason: "ill"}
		if rapid.Bool().Draw(t, "approved") {
			a.Approvals = []Approval{{Role: "course_lead"}, {Role: "head_of_registry"}}
		}
		f.Absences = append(f.Absences, a)
	}
	if rapid.IntRange(0, 4).Draw(t, "away") == 0 {
		f.Away = []Away{{Since: minute(0, 12, "leaves"), Placement: rapid.Bool().Draw(t, "placement")}}
	}
	if rapid.Bool().Draw(t, "heard") {
		f.Coverage = Coverage{"R": alwaysOn()["R"], "Q": alwaysOn()["R"]}
	}
	return f
}

// One student's year: 300 sessions and as many taps.
func BenchmarkMarks(b *testing.B) {
	var f Facts
	coverage := PointCoverage{Point: "R/door"}
	for n := range 300 {
		start := local("09:00:00.000").AddDate(0, 0, n)
		f.Sessions = append(f.Sessions, &Session{ID: start.Format(time.DateOnly), Rooms: []string{"R"}, StartsAt: start, EndsAt: start.Add(time.Hour)})
		f.Taps = append(f.Taps, tapAt(uint64(n+1), start.Add(time.Minute)))
		coverage.Working = append(coverage.Working, Interval{start.Add(-2 * time.Hour), start.Add(2 * time.Hour)})
	}
	coverage.HeardUntil = local("09:00:00.000").AddDate(1, 0, 0)
	f.Coverage = Coverage{"R": {coverage}}
	f.Taps = slices.DeleteFunc(f.Taps, func(t Tap) bool { return t.ID.Seq%8 == 0 })
	p := shipped(b, "stmarys")
	for b.Loop() {
		Marks(f, p, coverage.HeardUntil)
	}
}
