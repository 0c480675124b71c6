package policy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"pgregory.net/rapid"
)

func day(y int, m time.Month, d int) calendar.Day { return calendar.Day{Year: y, Month: m, Day: d} }

func version(name string, v int, from calendar.Day, scope policy.Scope) *policy.Policy {
	return &policy.Policy{Name: name, Version: v, From: from, Scope: scope}
}

func TestBookFor(t *testing.T) {
	yes := true
	everybody := policy.Scope{}
	b, err := policy.NewBook(
		version("house", 2, day(2026, 11, 1), everybody),
		version("house", 1, day(2026, 9, 1), everybody),
		version("visa", 1, day(2026, 10, 1), policy.Scope{Visa: &yes}),
		version("law", 1, day(2026, 9, 1), policy.Scope{Programmes: []string{"LLB Law"}, Levels: []string{"6"}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	home, sponsored, lawyer := policy.Subject{Programme: "BA History", Level: "6"}, policy.Subject{Visa: true}, policy.Subject{Programme: "LLB Law", Level: "6", Visa: true}
	tests := []struct {
		name string
		who  policy.Subject
		day  calendar.Day
		want string
	}{
		{"the day before a version is the old one's", home, day(2026, 10, 31), "house v1"},
		{"its first day is the new one's", home, day(2026, 11, 1), "house v2"},
		{"before the first version there is the first", home, day(2020, 1, 1), "house v1"},
		{"a scope holds from its own day", sponsored, day(2026, 9, 30), "house v1"},
		{"and goes before one that restricts less", sponsored, day(2026, 11, 2), "visa v1"},
		{"two restrictions go before one", lawyer, day(2026, 11, 2), "law v1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := b.For(tt.who, tt.day).ID(); got != tt.want {
				t.Errorf("For = %s, want %s", got, tt.want)
			}
		})
	}
}

// Of remembers, and says the same as For, in whatever order it is asked.
func TestOfIsForOnEachDay(t *testing.T) {
	yes := true
	rapid.Check(t, func(t *rapid.T) {
		var versions []*policy.Policy
		for i := range rapid.IntRange(1, 5).Draw(t, "versions") {
			scope := policy.Scope{}
			if rapid.Bool().Draw(t, "for visas") {
				scope.Visa = &yes
			}
			versions = append(versions, version(rapid.SampledFrom([]string{"house", "visa"}).Draw(t, "name"), i+1, day(2026, 9, 1).Add(rapid.IntRange(0, 20).Draw(t, "from")), scope))
		}
		b, err := policy.NewBook(versions...)
		if err != nil {
			t.Fatal(err)
		}
		who := policy.Subject{Visa: rapid.Bool().Draw(t, "visa")}
		of := b.Of(who)
		for range 30 {
			d := day(2026, 8, 25).Add(rapid.IntRange(0, 40).Draw(t, "day"))
			if got, want := of(d), b.For(who, d); got != want {
				t.Errorf("on %s Of = %v, For = %v", d, got, want)
			}
		}
	})
}

func TestBookRefuses(t *testing.T) {
	if _, err := policy.NewBook(); !errors.Is(err, policy.ErrEmpty) {
		t.Errorf("NewBook() = %v, want ErrEmpty", err)
	}
	a := version("house", 1, day(2026, 9, 1), policy.Scope{})
	if _, err := policy.NewBook(a, version("house", 1, day(2027, 9, 1), policy.Scope{})); !errors.Is(err, policy.ErrTwice) {
		t.Errorf("NewBook with a version twice = %v, want ErrTwice", err)
	}
}
