package rules

// secondWarning is rule A-3. Source 004, item 8: below 85 %, or 8 contacts missed without authorisation. The explanation, the
// recorded meeting and the signed undertaking it asks for are casework.
func secondWarning(s stand) bool { return s.reached(s.policy.Rules.SecondWarning) }
