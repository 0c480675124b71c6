package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// lowMonths is rule E-4. Source 003, section 3, Band 1: "where attendance falls below 70% for 3 consecutive months, a sponsor
// must withdraw sponsorship unless there are exceptional reasons".
//
// Months are calendar months, by minutes as in E-3, looked at on the first day of the next one; exactly 70 % is not below.
// A month in which nothing was scheduled, or all of it is authorised, neither counts nor breaks the row. One in which the
// minutes that are not known could lift the rate to 70 % breaks it until they are known. A row opens one case however long it
// becomes; another month at or above breaks it, and three further low ones are another case. Only whose visa the university
// sponsors can lose its sponsorship. The report is due so long after the considered date; the deadline here is for a case that
// is considered on the first day on which it can be.
func lowMonths(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	var findings []Finding
	var row lowRow
	for _, m := range s.periods(calendar.Months) {
		p := s.on(m.Over())
		row.add(m)
		if p == nil || p.Rules.LowMonths == nil || s.tapless(p) || !among(p.Rules.LowMonths.Levels, s.Level) {
			continue
		}
		if low := row.fallen(p); low != nil {
			findings = append(findings, s.withdrawal(low, p))
		}
	}
	return findings
}

// lowRow is the months so far.
type lowRow struct {
	months []lowMonth
	cased  int // so many were there when a case was opened last
}

type lowMonth struct {
	*engagement.Period
	minutes engagement.Measure
}

func (r *lowRow) add(m *engagement.Period) { r.months = append(r.months, lowMonth{m, m.Minutes()}) }

// fallen are the months of a case, oldest first: nil unless the last one makes the row long enough and the row has no case yet.
func (r *lowRow) fallen(p *policy.Policy) []lowMonth {
	low := r.low(p)
	if len(low) < p.Rules.LowMonths.Months {
		return nil
	}
	r.cased = len(r.months)
	low = low[:p.Rules.LowMonths.Months]
	slices.Reverse(low)
	return low
}

// low are the months of the row that lasts, newest first; nil if it has its case.
func (r *lowRow) low(p *policy.Policy) []lowMonth {
	var low []lowMonth
	for i, m := range slices.Backward(r.months) {
		best := m.minutes.AtBest(p.Counting)
		switch {
		case best.Counted == 0 && i == len(r.months)-1:
			return nil // it was looked at a month ago
		case best.Counted == 0:
		case !best.Below(p.Rules.LowMonths.Below):
			return low
		case i < r.cased:
			return nil
		default:
			low = append(low, m)
		}
	}
	return low
}

func (s Student) withdrawal(low []lowMonth, p *policy.Policy) Finding {
	var rates []string
	var months []*engagement.Period
	for _, m := range low {
		rates = append(rates, m.Month()+" "+rate(m.minutes.AtBest(p.Counting), m.minutes.Unknown, "minutes"))
		months = append(months, m.Period)
	}
	last := low[len(low)-1]
	evidence, known := missed(months...)
	day := considered(last.Over(), known)
	return Finding{
		Rule: "E-4", Scope: last.Month(), Step: "withdraw sponsorship", Opens: Case, AsOf: last.Over(), Evidence: evidence, Policy: p.ID(),
		Deadline: p.Rules.LowMonths.Due.After(day, s.Calendar),
		Summary: fmt.Sprintf("Below %d %% in %d months in a row (%s); withdraw sponsorship unless there are exceptional reasons, and report within %s of the day on which it is considered, at the earliest %s",
			p.Rules.LowMonths.Below, len(low), strings.Join(rates, "; "), p.Rules.LowMonths.Due, day),
	}
}
