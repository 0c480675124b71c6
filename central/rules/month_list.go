package rules

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// monthList is rule E-3. Source 003, section 3, Band 1: below degree level, "where a student has not reached 85% attendance of
// the minimum of 15 hours of classroom-based study in any given month, the reasons for absence must be reviewed and documented".
//
// A month is judged on the first day of the next one, by the minutes of sessions in a room that were attended of those that
// were scheduled; authorised absence is in neither (section 7). Minutes that are not known are taken for attended: the month is
// judged again when they are known. Its item stands on the exceptions list, "exception", until the annotation of reason and
// steps is on record, "annotated": the list is the items without the latter. A month that was annotated before it was over is
// never on it. An annotation belongs to one month, "E-3 2026-10". Counting's smallest number of contacts is not asked for:
// a month stands for itself and the source gives none.
func monthList(s Student) []Finding {
	var findings []Finding
	for _, m := range s.periods(calendar.Months) {
		p := s.on(m.Over())
		if p == nil || p.Rules.MonthList == nil || s.tapless(p) || !among(p.Rules.MonthList.Levels, s.Level) {
			continue
		}
		minutes := m.Minutes()
		best := minutes.AtBest(p.Counting)
		annotation, annotated := s.annotation("E-3 " + m.Month())
		if !best.Below(p.Rules.MonthList.Below) || annotated && !annotation.At.After(m.Over()) {
			continue
		}
		findings = append(findings, exception(m, best, minutes.Unknown, p))
		if annotated && !annotation.At.After(s.AsOf) {
			findings = append(findings, s.annotated(m, annotation)...)
		}
	}
	return findings
}

func exception(m *engagement.Period, best engagement.Tally, unknown int64, p *policy.Policy) Finding {
	evidence, _ := missed(m)
	return Finding{
		Rule: "E-3", Scope: m.Month(), Step: "exception", Opens: Task, AsOf: m.Over(), Evidence: evidence, Policy: p.ID(),
		Summary: fmt.Sprintf("%s: %s, %d %% are needed; review and annotate the reasons and the steps taken", m.Month(), rate(best, unknown, "minutes"), p.Rules.MonthList.Below),
	}
}

// annotated takes an item off the list.
func (s Student) annotated(m *engagement.Period, a engagement.Fact) []Finding {
	p := s.on(a.At)
	if p == nil || p.Rules.MonthList == nil {
		return nil
	}
	return []Finding{{
		Rule: "E-3", Scope: m.Month(), Step: "annotated", Opens: Notice, AsOf: a.At, Policy: p.ID(),
		Summary: fmt.Sprintf("%s: reason and steps are on record, by %s", m.Month(), a.By),
	}}
}

// annotation is the first that is on record about an item.
func (s Student) annotation(item string) (engagement.Fact, bool) {
	for _, f := range s.Facts {
		if f.Kind == engagement.Annotation && f.Of == item {
			return f, true
		}
	}
	return engagement.Fact{}, false
}
