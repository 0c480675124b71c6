package engagement

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

func contacts(codes string) []Contact {
	var out []Contact
	for i, c := range codes {
		end := noon.Add(time.Duration(i) * time.Hour)
		out = append(out, Contact{Kind: Session, ID: string(rune('a' + i)), StartsAt: end.Add(-time.Hour), EndsAt: end, Code: register.Code(c)})
	}
	return out
}

func TestWhatCounts(t *testing.T) {
	tests := []struct {
		codes string
		by    policy.Counting
		want  Tally
	}{
		{"", policy.Counting{}, Tally{}},
		{"PLA", policy.Counting{LateAttends: true}, Tally{Attended: 2, Counted: 3, Missed: 1}},
		{"PLA", policy.Counting{}, Tally{Attended: 1, Counted: 3, Missed: 1}},
		{"PEXNU", policy.Counting{}, Tally{Attended: 1, Counted: 1}},
		{"PEEXNU", policy.Counting{AuthorisedCounts: true}, Tally{Attended: 1, Counted: 3}},
		{"PR", policy.Counting{}, Tally{Attended: 1, Counted: 2}},
	}
	for _, tt := range tests {
		h := New(Person{ID: "s"}, "t", contacts(tt.codes))
		if got := h.At(noon.AddDate(0, 0, 1)).Tally(tt.by); got != tt.want {
			t.Errorf("tally of %q = %+v, want %+v", tt.codes, got, tt.want)
		}
	}
}

func TestRatesAreIntegersAndStrict(t *testing.T) {
	tests := []struct {
		attended, counted, permille int64
		below90                     bool
	}{
		{27, 30, 900, false}, {719, 800, 898, true}, {0, 0, 1000, false}, {8999, 10000, 899, true},
	}
	for _, tt := range tests {
		tally := Tally{Attended: tt.attended, Counted: tt.counted}
		if tally.Below(90) != tt.below90 || tally.Permille() != tt.permille {
			t.Errorf("%d/%d: below 90 %% %v, permille %d; want %v, %d", tt.attended, tt.counted, tally.Below(90), tally.Permille(), tt.below90, tt.permille)
		}
	}
}

func TestAsOf(t *testing.T) {
	h := New(Person{ID: "s"}, "t", contacts("AUPA"))
	h.Contacts[2].TappedAt = noon.Add(time.Hour)
	if got := h.At(noon.Add(90 * time.Minute)); got != (Count{Absent: 1}) {
		t.Errorf("tally after two sessions = %+v", got)
	}
	if got := h.Outcomes(noon.Add(time.Hour)).Unknown; got != 1 {
		t.Errorf("unknown = %d, want 1: the session that ends at that very moment", got)
	}
	if got := h.Missed(noon.AddDate(0, 0, 1)); len(got) != 2 || got[1].ID != "d" {
		t.Errorf("missed = %+v, want a and d", got)
	}
	if got := h.SeenAt(); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("seen at %v, want the tap", got)
	}
}
