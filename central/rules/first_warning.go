package rules

import (
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// firstWarning is rule A-2. Source 004, item 7: "cumulative attendance has fallen below 90% or who have missed 4 possible
// contacts without authorisation".
func firstWarning(t engagement.Tally, p *policy.Policy) bool {
	return reached(p.Rules.FirstWarning, t, p.Counting)
}
