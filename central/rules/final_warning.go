package rules

import "github.com/rollcall-edge/rollcall/central/engagement"

// finalWarning is rule A-4. Source 004, item 9: below 80 %, or 10 contacts missed without authorisation.
func finalWarning(t engagement.Tally, p Policy) bool { return p.Final.reached(t, p.MinCounted) }
