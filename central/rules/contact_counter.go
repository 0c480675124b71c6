package rules

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

// contactCounter is rule A-10. Source 000 collects "the data needed to inform UKVI on the ten points of contact", and adds "we're
// not quite there yet"; source 004, item 11, lists what a point of contact is. The counter of a term is in its standing,
// and nothing follows from it unless a policy says at how many missed it is to be noticed.
func contactCounter(s Student) []Finding {
	var findings []Finding
	for _, term := range s.Terms(s.Calendar) {
		if f, met := counted(s, term); met {
			findings = append(findings, f)
		}
	}
	return findings
}

func counted(s Student, h engagement.History) (Finding, bool) {
	for st := range s.stands(h.Contacts) {
		rule := st.policy.Rules.ContactCounter
		if rule == nil || rule.Missed == 0 || st.tally.Missed < rule.Missed {
			continue
		}
		return Finding{
			Rule: "A-10", Scope: h.Term, Step: "points of contact", Opens: Notice, AsOf: st.at, Evidence: ids(h.Missed(st.at)), Policy: st.policy.ID(),
			Summary: fmt.Sprintf("%d of %d expected points of contact missed without authorisation; the policy counts to %d", st.tally.Missed, st.done, rule.Expected),
		}, true
	}
	return Finding{}, false
}
