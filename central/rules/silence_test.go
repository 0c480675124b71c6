package rules

import (
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/register"
	"pgregory.net/rapid"
)

// engagementRules are the clauses that conclude from what was not seen.
var engagementRules = []string{"E-2", "E-3", "E-4", "E-5", "E-6", "E-8", "E-9", "E-11"}

// anyFollowed is a student under the policy of source 003, with E-9 in it.
func anyFollowed(t *rapid.T) material {
	p, err := shipped("stmarys")
	if err != nil {
		t.Fatal(err)
	}
	withDistance(p)
	k := anyStudent(t)
	k.policies = always(p)
	return k
}

func ofEngagement(s Student) []Finding {
	return slices.DeleteFunc(Evaluate(s), func(f Finding) bool { return !slices.Contains(engagementRules, f.Rule) })
}

// What was found while sessions were not known was right: whatever becomes of them, each finding still has one of its rule that was
// met by then (G-3).
func TestTheUnknownTakesNothingBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyFollowed(t)
		before := ofEngagement(k.student())
		for i := range k.contacts {
			if c := &k.contacts[i]; c.Code == register.Unknown {
				c.Code = rapid.SampledFrom([]register.Code{register.Present, register.Late, register.Absent, register.Authorised, register.Cancelled, register.NotNeeded, register.Remote}).Draw(t, "becomes")
			}
		}
		after := ofEngagement(k.student())
		for _, f := range before {
			if !slices.ContainsFunc(after, func(g Finding) bool { return g.Rule == f.Rule && !g.AsOf.After(f.AsOf) }) {
				t.Errorf("found while sessions were not known, and not any more:\n%+v\nfound now:\n%+v", f, after)
			}
		}
	})
}

// No finding rests on log-ins that may still come: those behind the end of the last report change none that was made.
func TestLogInsToComeTakeNothingBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := anyFollowed(t)
		k.known[engagement.Login] = instants(t, "log-ins known until")
		before := ofEngagement(k.student())
		for i := range rapid.IntRange(1, 40).Draw(t, "log-ins to come") {
			at := k.known[engagement.Login].Add(time.Second + time.Duration(rapid.IntRange(0, 5000).Draw(t, "hours later"))*time.Hour)
			k.facts = append(k.facts, engagement.Fact{ID: int64(1000 + i), Kind: engagement.Login, At: at})
		}
		after := ofEngagement(k.student())
		for _, f := range before {
			if !slices.ContainsFunc(after, func(g Finding) bool {
				return g.Rule == f.Rule && g.Scope == f.Scope && g.Step == f.Step && g.AsOf.Equal(f.AsOf)
			}) {
				t.Errorf("log-ins after %v took back %+v\nfound now:\n%+v", k.known[engagement.Login], f, after)
			}
		}
	})
}
