package rules

import (
	"fmt"
	"time"
)

// headcount is rule C-6. Source 004, item 4: officials visit classrooms at random and count. More registered than counted, beyond
// what the policy tolerates, is a flag with the taps; fewer is a notice to the tutor that somebody present is not registered. The
// register is compared as it was at the moment of the count; what staff amended is true of the whole session.
//
// "Fewer" needs a complete register (G-3): somebody whose tap is still on its way is not missing from it. "More" does not: what is
// still to come only adds.
func headcount(u University) []Finding {
	var findings []Finding
	for _, h := range u.Headcounts {
		for _, p := range u.held(h.At) {
			f := Finding{
				Rule: "C-6", Subject: "session " + h.Session, Scope: h.At.UTC().Format(time.RFC3339Nano), Opens: Notice, AsOf: h.At, Policy: p.ID(),
			}
			switch diff := h.Registered - h.Count; {
			case diff > p.Marking.Headcount:
				f.Step, f.Evidence = "more registered than counted", atMost(h.Taps)
				f.Summary = fmt.Sprintf("%d were registered and %s counted %d: %d more", h.Registered, h.By, h.Count, diff)
			case diff < 0 && h.Unknown == 0:
				f.Step = "present but not registered"
				f.Summary = fmt.Sprintf("%d were registered and %s counted %d: %d present but not registered; the tutor should look who", h.Registered, h.By, h.Count, -diff)
			default:
				continue
			}
			findings = append(findings, f)
		}
	}
	return findings
}
