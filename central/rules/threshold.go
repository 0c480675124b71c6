package rules

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// threshold is rule A-11. Source 001: "We'll contact you and offer you extra academic, pastoral or wellbeing support if you do not
// attend or your overall engagement falls below a certain threshold." The text has no number, and without one nothing
// follows; a site that wants to speak to students after each absence takes the daily alert into its policy. It is a
// task to offer support, once in a period, and no warning.
func threshold(s Student) []Finding {
	return share{
		periods: func(r policy.Rules) []policy.Period { return periodsOf(r.Threshold) },
		met:     func(st stretch, p *policy.Policy) bool { return st.below(p.Rules.Threshold.Below, p.Counting) },
		finding: func(st stretch, p *policy.Policy) Finding {
			return Finding{
				Rule: "A-11", Step: "offer support", Opens: Task, Evidence: st.coded(register.Absent),
				Summary: fmt.Sprintf("%s: contact the student and offer support", st.rate(p, p.Rules.Threshold.Below)),
			}
		},
	}.find(s)
}

// rate is a sentence about what a period has come to, and the per cent that it should.
func (st stretch) rate(p *policy.Policy, percent int64) string {
	t := st.Tally(p.Counting)
	return fmt.Sprintf("Attended %d of %d sessions of %s (%d.%d %%), below %d %%", t.Attended, t.Counted, st.where(), t.Permille()/10, t.Permille()%10, percent)
}
