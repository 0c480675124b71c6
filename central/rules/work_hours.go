package rules

import (
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// sabbatical is the value of work in a student union's sabbatical office.
const sabbatical = "sabbatical"

// workHours is rule E-15. Source 003, section 15, student ambassadors: "no more than 20 hours per week during term time
// depending on their level of study"; sabbatical officers "for up to 2 years and students can work for up to 20 hours per week
// during term time in a different job".
//
//   - A week is Monday to Sunday, and all employers count together.
//   - "During term time" is said of the work, so of a week in which a term begins or ends the days in the term count, against the
//     whole limit; in vacation nothing is limited.
//   - The limit is met by what is more than it, not by itself, on the day of the hours that pass it.
//   - The two years of an office are counted from its first recorded day. For other jobs of an officer the limit stays that of their
//     level: the office lifts no condition of the visa, and for degree levels that is the 20 hours of the source.
//   - Hours that were recorded twice for one employer and moment count once, as they were recorded last.
func workHours(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	var findings []Finding
	var week workWeek
	work := s.work()
	for i, f := range work {
		if f.At.After(s.AsOf) {
			break
		}
		week.add(f, s.Calendar)
		if i+1 < len(work) && work[i+1].At.Equal(f.At) {
			continue // hours of one moment are judged together
		}
		if p := s.on(f.At); p != nil && p.Rules.WorkHours != nil {
			findings = append(findings, week.judge(s, f, p)...)
		}
	}
	return append(findings, s.officeOverTwoYears(work)...)
}

// work is what a student worked, by time: of each employer and moment what was recorded last.
func (s Student) work() []engagement.Fact {
	var work []engagement.Fact
	for _, f := range s.Of(engagement.Work) { // by At, then in the order of recording
		i := len(work) - 1
		for ; i >= 0 && work[i].At.Equal(f.At); i-- {
			if work[i].Of == f.Of && work[i].Value == f.Value {
				break
			}
		}
		if i >= 0 && work[i].At.Equal(f.At) {
			work[i] = f
			continue
		}
		work = append(work, f)
	}
	return work
}

// workWeek sums the hours of one week in term.
type workWeek struct {
	monday        calendar.Day
	minutes       int64
	facts         []engagement.Fact
	amber, passed bool
}

func (w *workWeek) add(f engagement.Fact, c *calendar.Calendar) {
	if monday := calendar.DayOf(f.At).Monday(); monday != w.monday {
		*w = workWeek{monday: monday}
	}
	if _, inTerm := c.TermAt(f.At); inTerm && f.Value != sabbatical {
		w.minutes += f.Amount
		w.facts = append(w.facts, f)
	}
}

// judge says once a week that the limit is near and once that it was passed.
func (w *workWeek) judge(s Student, f engagement.Fact, p *policy.Policy) []Finding {
	limit := int64(p.Rules.WorkHours.For(s.Level).Minutes())
	found := Finding{Rule: "E-15", Scope: w.monday.String(), AsOf: f.At, Evidence: evidence(w.facts...), Policy: p.ID()}
	switch {
	case w.minutes > limit && !w.passed:
		w.passed, w.amber = true, true
		found.Step, found.Opens = "over the limit", Case
		found.Summary = fmt.Sprintf("Worked %s in the week from %s; the limit in term is %s", hours(w.minutes), w.monday, hours(limit))
	case 100*w.minutes >= p.Rules.WorkHours.AmberFrom*limit && !w.amber && w.minutes > 0:
		w.amber = true
		found.Step, found.Opens = "near the limit", Alert
		found.Summary = fmt.Sprintf("Worked %s in the week from %s; the limit in term of %s is near", hours(w.minutes), w.monday, hours(limit))
	default:
		return nil
	}
	return []Finding{found}
}

func hours(minutes int64) string { return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60) }

// officeOverTwoYears is met on the first day of sabbatical work two years or more after the first.
func (s Student) officeOverTwoYears(work []engagement.Fact) []Finding {
	first := slices.IndexFunc(work, func(f engagement.Fact) bool { return f.Value == sabbatical })
	if first < 0 {
		return nil
	}
	began := calendar.DayOf(work[first].At)
	ends := calendar.Day{Year: began.Year + 2, Month: began.Month, Day: began.Day}
	for _, f := range work[first:] {
		p := s.on(f.At)
		if f.At.After(s.AsOf) || f.Value != sabbatical || calendar.DayOf(f.At).Before(ends) || p == nil || p.Rules.WorkHours == nil {
			continue
		}
		return []Finding{{
			Rule: "E-15", Scope: dated(sabbatical, began), Step: "over two years", Opens: Case, AsOf: f.At, Evidence: evidence(work[first], f), Policy: p.ID(),
			Summary: fmt.Sprintf("In a sabbatical office since %s; it may last two years", began),
		}}
	}
	return nil
}
