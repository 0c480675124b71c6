package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

func TestHeld(t *testing.T) {
	visa := true
	day := func(d int) calendar.Day { return calendar.Day{Year: 2026, Month: time.October, Day: d} }
	book, err := policy.NewBook(
		&policy.Policy{Name: "shipped", Version: 1, From: day(1)},
		&policy.Policy{Name: "ours", Version: 1, From: day(5)},
		&policy.Policy{Name: "ours", Version: 2, From: day(12)},
		&policy.Policy{Name: "sponsored", Version: 1, From: day(8), Scope: policy.Scope{Visa: &visa}},
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		day  int
		want string
	}{
		{"the only one", 1, "shipped v1"},
		{"one for everybody in place of another", 5, "ours v1"},
		{"one for some beside it", 8, "ours v1, sponsored v1"},
		{"of each the version in force", 12, "ours v2, sponsored v1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, p := range book.Held(day(tt.day)) {
				got = append(got, p.ID())
			}
			if strings.Join(got, ", ") != tt.want {
				t.Errorf("Held(%s) = %v, want %s", day(tt.day), got, tt.want)
			}
		})
	}
}
