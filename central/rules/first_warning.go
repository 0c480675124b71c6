package rules

import "github.com/rollcall-edge/rollcall/central/engagement"

// firstWarning is rule A-2. Source 004, item 7: "cumulative attendance has fallen below 90% or who have missed 4 possible
// contacts without authorisation".
func firstWarning(t engagement.Tally, p Policy) bool { return p.First.reached(t, p.MinCounted) }
