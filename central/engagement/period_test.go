package engagement

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
	"pgregory.net/rapid"
)

// Split agrees with asking for each span by itself.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := calendar.Day{Year: 2026, Month: time.October, Day: 1}
		var sessions []Contact
		for i := range rapid.IntRange(0, 40).Draw(t, "contacts") {
			starts := first.Starts().Add(time.Duration(rapid.IntRange(-400, 2000).Draw(t, "starts")) * time.Hour)
			length := time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour
			sessions = append(sessions, Contact{ID: string(rune('A' + i)), Kind: Session, StartsAt: starts, EndsAt: starts.Add(length), Code: register.Present})
		}
		r := NewRecord(Person{ID: "s"}, sessions, nil, nil, nil)
		spans := calendar.Weeks(first, first.Add(60))
		if rapid.Bool().Draw(t, "with holes") {
			spans = slices.Delete(spans, 3, 5)
		}
		var want []History
		for _, s := range spans {
			want = append(want, r.Between(s.First, s.Last))
		}
		var got []History
		for _, p := range r.Split(spans) {
			got = append(got, p.History)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("split of %v (-each by itself +together):\n%s", spans, diff)
		}
	})
}

func TestMinutesOfClassrooms(t *testing.T) {
	h := New(Person{ID: "s"}, "t", contacts("PAEU"))
	h.Contacts[0].StartsAt = h.Contacts[0].EndsAt.Add(-90 * time.Minute)
	online := h.Contacts[1]
	online.Delivery = "online"
	h.Contacts = append(h.Contacts, online, Contact{Kind: Exam, Code: register.Absent, StartsAt: noon, EndsAt: noon.Add(3 * time.Hour)})
	want := Measure{Count: Count{Present: 90, Absent: 60, Authorised: 60}, Unknown: 60}
	if got := h.Minutes(); got != want {
		t.Errorf("minutes = %+v, want %+v", got, want)
	}
}

// Whatever becomes of the sessions that are not known, the rate is between the worst and the best.
func TestWhateverBecomesOfTheUnknown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.StringOfN(rapid.SampledFrom([]rune("PLAEXNRUU")), 0, 20, -1).Draw(t, "codes")
		by := policy.Counting{LateAttends: rapid.Bool().Draw(t, "late"), AuthorisedCounts: rapid.Bool().Draw(t, "authorised")}
		m := New(Person{ID: "s"}, "t", contacts(codes)).Measure()
		resolved := []rune(codes)
		for i, c := range resolved {
			if c == 'U' {
				resolved[i] = rapid.SampledFrom([]rune("PLAEXNR")).Draw(t, "becomes")
			}
		}
		is := New(Person{ID: "s"}, "t", contacts(string(resolved))).Measure().Tally(by)
		percent := rapid.Int64Range(1, 100).Draw(t, "percent")
		if m.AtBest(by).Below(percent) && is.Counted > 0 && !is.Below(percent) {
			t.Errorf("%s is below %d %% at best, but %s is %+v", codes, percent, string(resolved), is)
		}
		if m.Unknown > 0 && is.Counted > 0 && is.Below(percent) && !m.AtWorst(by).Below(percent) {
			t.Errorf("%s is not below %d %% at worst, but %s is %+v", codes, percent, string(resolved), is)
		}
	})
}
