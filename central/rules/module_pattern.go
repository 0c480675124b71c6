package rules

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// inconsistent is the other half of rule E-5. Source 003, section 5: "or presents an inconsistent pattern across a set of
// modules", which it gives no measure.
//
// Ours is the distance between the best and the worst of the modules that run at the time, in points of per cent, as the policy
// says and marks. A module runs from its first session to the last one that the timetable has. It is a pattern only if it is
// one whatever becomes of the sessions that are not known, and it opens one task for the whole time.
func (s Student) inconsistent(modules *modules, at time.Time, p *policy.Policy) []Finding {
	rule := p.Rules.ModuleShare
	if modules.pattern || rule.PatternGap == 0 {
		return nil
	}
	best, worst := modules.extremes(at, p)
	if best == nil || !apart(best.AtWorst(p.Counting), worst.AtBest(p.Counting), rule.PatternGap) {
		return nil
	}
	modules.pattern = true
	_, meeting := placement(rule, s.Programme)
	return []Finding{{
		Rule: "E-5", Step: "inconsistent pattern", Opens: Task, AsOf: at, Evidence: append([]string(nil), worst.missed...), Policy: p.ID(),
		Summary: fmt.Sprintf("%s %s, but %s %s: at least %d points apart; %s",
			best.name, rate(best.AtWorst(p.Counting), 0, "sessions"), worst.name, rate(worst.AtBest(p.Counting), worst.Unknown, "sessions"), rule.PatternGap, meeting),
	}}
}

// extremes are the modules with the highest rate at worst and the lowest at best, of those that run and count for enough.
func (m *modules) extremes(at time.Time, p *policy.Policy) (best, worst *module) {
	by := p.Counting
	for _, of := range m.all {
		if of.last.Before(at) || of.Tally(by).Counted < p.Rules.ModuleShare.MinCounted {
			continue
		}
		if best == nil || higher(of.AtWorst(by), best.AtWorst(by)) {
			best = of
		}
		if worst == nil || higher(worst.AtBest(by), of.AtBest(by)) {
			worst = of
		}
	}
	return best, worst
}

// higher reports whether a is the higher rate, in integers.
func higher(a, b engagement.Tally) bool { return a.Attended*b.Counted > b.Attended*a.Counted }

// apart reports whether a is at least so many points of per cent above b, in integers.
func apart(a, b engagement.Tally, points int64) bool {
	return 100*(a.Attended*b.Counted-b.Attended*a.Counted) >= points*a.Counted*b.Counted
}
