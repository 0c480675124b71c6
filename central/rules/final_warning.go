package rules

// finalWarning is rule A-4. Source 004, item 9: below 80 %, or 10 contacts missed without authorisation. It is called the last
// chance to avoid a report that the same numbers bring about; see sponsorReport for how both can be meant.
func finalWarning(s stand) bool { return s.reached(s.policy.Rules.FinalWarning) }
