package rules

import (
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// secondWarning is rule A-3. Source 004, item 8: below 85 %, or 8 contacts missed without authorisation. The explanation, the
// recorded meeting and the signed undertaking it asks for are casework.
func secondWarning(t engagement.Tally, p *policy.Policy) bool {
	return reached(p.Rules.SecondWarning, t, p.Counting)
}
