package rules

import (
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// finalWarning is rule A-4. Source 004, item 9: below 80 %, or 10 contacts missed without authorisation.
func finalWarning(t engagement.Tally, p *policy.Policy) bool {
	return reached(p.Rules.FinalWarning, t, p.Counting)
}
