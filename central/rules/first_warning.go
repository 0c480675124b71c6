package rules

// firstWarning is rule A-2. Source 004, item 7: "cumulative attendance has fallen below 90% or who have missed 4 possible
// contacts without authorisation". Possible contacts are sessions and all else that was expected: meetings, coursework, tests
// (item 11). They need not follow one another unless the policy says so.
func firstWarning(s stand) bool { return s.reached(s.policy.Rules.FirstWarning) }
