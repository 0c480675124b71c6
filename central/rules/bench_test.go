package rules

import (
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// One student's year, 300 sessions and 200 log-ins, through all clauses.
func BenchmarkEvaluateYear(b *testing.B) {
	var facts []engagement.Fact
	for i := range 200 {
		facts = append(facts, logins(civil("2026-09-28").Add(i).String())...)
	}
	codes := strings.Repeat("PPPPAPPLPE", 15)
	s := followed(b, of("LAW", slices.Concat(daily("2026-09-28", 60, codes), daily("2026-09-28", 61, codes))), facts...)
	s.AsOf = on("2027-06-30")
	book, err := policy.NewBook(stMarys(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Policies = book.Of(s.Subject())
		Evaluate(s)
	}
}
