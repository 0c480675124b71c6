package register

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSheet(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 10, 5, 10, minute, 0, 0, time.UTC) }
	tutor := func(minute int) Signature { return Signature{Signed, "tutor", at(minute)} }
	manager := func(minute int) Signature { return Signature{Approved, "manager", at(minute)} }
	change := func(minute int) Change { return Change{"s1 became A", at(minute)} }
	tests := []struct {
		name       string
		signatures []Signature
		changes    []Change
		want       string
		reopened   bool
	}{
		{"nobody signed", nil, []Change{change(1)}, "open", false},
		{"signed", []Signature{tutor(1)}, nil, "signed", false},
		{"signed, then an authorised absence", []Signature{tutor(1)}, []Change{change(2)}, "signed", false},
		{"approved", []Signature{tutor(1), manager(3)}, []Change{change(2)}, "approved", false},
		{"changed after approval", []Signature{tutor(1), manager(3)}, []Change{change(4)}, "open", true},
		{"changed at the instant of approval", []Signature{tutor(1), manager(3)}, []Change{change(3)}, "open", true},
		{"signed again", []Signature{tutor(1), manager(3), tutor(5)}, []Change{change(4)}, "signed", false},
		{"approved again", []Signature{tutor(1), manager(3), tutor(5), manager(6)}, []Change{change(4)}, "approved", false},
		{"approved without being signed again", []Signature{tutor(1), manager(3), manager(6)}, []Change{change(4)}, "open", true},
		{"approved and never signed", []Signature{manager(3)}, nil, "open", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := SheetOf(tt.signatures, tt.changes)
			if s.State() != tt.want || (s.ReopenedBy != nil) != tt.reopened {
				t.Errorf("sheet = %s, %+v, want %s", s.State(), s.ReopenedBy, tt.want)
			}
		})
	}
}

func TestSheetCheck(t *testing.T) {
	ends := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
	open, signed := Sheet{}, Sheet{Signed: &Signature{Signed, "tutor", ends}}
	approved := Sheet{Signed: signed.Signed, Approved: &Signature{Approved, "manager", ends}}
	tests := []struct {
		name    string
		sheet   Sheet
		by      Signature
		pending int64
		want    error
	}{
		{"at the end", open, Signature{Signed, "tutor", ends}, 5, nil},
		{"a millisecond before", open, Signature{Signed, "tutor", ends.Add(-time.Millisecond)}, 0, ErrTooEarly},
		{"twice", signed, Signature{Signed, "tutor", ends}, 0, ErrStanding},
		{"approval", signed, Signature{Approved, "manager", ends}, 0, nil},
		{"approval of what nobody signed", open, Signature{Approved, "manager", ends}, 0, ErrUnsigned},
		{"approval of one's own sheet", signed, Signature{Approved, "tutor", ends}, 0, ErrOwnSheet},
		{"approval of what is not known", signed, Signature{Approved, "manager", ends}, 1, ErrPending},
		{"approval twice", approved, Signature{Approved, "manager", ends}, 0, ErrStanding},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.sheet.Check(tt.by, ends, tt.pending); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("Check = %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSheetDoesNotMindOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := func(label string) time.Time { return time.Unix(int64(rapid.IntRange(0, 9).Draw(t, label)), 0) }
		var signatures []Signature
		var changes []Change
		for range rapid.IntRange(0, 6).Draw(t, "signatures") {
			signatures = append(signatures, Signature{rapid.SampledFrom([]Step{Signed, Approved}).Draw(t, "step"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "actor"), at("signed at")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "changes") {
			changes = append(changes, Change{rapid.SampledFrom([]string{"x", "y"}).Draw(t, "what"), at("changed at")})
		}
		want := SheetOf(signatures, changes)
		got := SheetOf(rapid.Permutation(signatures).Draw(t, "signatures in another order"), rapid.Permutation(changes).Draw(t, "changes in another order"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("order matters:\n%s", diff)
		}
	})
}
