package policy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
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

func TestBookRefuses(t *testing.T) {
	if _, err := policy.NewBook(); !errors.Is(err, policy.ErrEmpty) {
		t.Errorf("NewBook() = %v, want ErrEmpty", err)
	}
	a := version("house", 1, day(2026, 9, 1), policy.Scope{})
	if _, err := policy.NewBook(a, version("house", 1, day(2027, 9, 1), policy.Scope{})); !errors.Is(err, policy.ErrTwice) {
		t.Errorf("NewBook with a version twice = %v, want ErrTwice", err)
	}
}
