package policy

import (
	"fmt"
	"regexp"
)

// check asks each clause that is in the policy whether its numbers make sense.
func (r *Rules) check(c checker) {
	r.checkLadder(c)
	r.checkShares(c)
	r.checkDays(c)
}

// checkLadder wants rungs that grow stricter: a later warning at a lower rate and after more missed contacts.
func (r *Rules) checkLadder(c checker) {
	steps := []struct {
		clause string
		rung   *Rung
	}{{"A-2", r.FirstWarning}, {"A-3", r.SecondWarning}, {"A-4", r.FinalWarning}}
	var before *Rung
	for _, s := range steps {
		if s.rung == nil {
			continue
		}
		s.rung.check(c, "rules."+s.clause)
		if before != nil && s.rung.Below > before.Below {
			c.Fault("rules."+s.clause+".below", "%d is above the warning before it, %d; a later warning needs a lower rate", s.rung.Below, before.Below)
		}
		if before != nil && s.rung.Missed < before.Missed {
			c.Fault("rules."+s.clause+".missed", "%d is less than the warning before it, %d; a later warning needs more", s.rung.Missed, before.Missed)
		}
		before = s.rung
	}
	if s := r.SponsorReport; s != nil {
		s.Rung.check(c, "rules.A-5")
		c.due("rules.A-5.due", s.Due)
	}
	if e := r.Expulsion; e != nil {
		c.percent("rules.A-6.below", e.Below)
		c.due("rules.A-6.due", e.Due)
	}
	if w := r.Whereabouts; w != nil {
		c.notNegative("rules.A-8.missed", w.Missed)
	}
	if n := r.ContactCounter; n != nil {
		c.positive("rules.A-10.expected", n.Expected)
		c.notNegative("rules.A-10.missed", n.Missed)
	}
}

func (r *Rung) check(c checker, path string) {
	c.percent(path+".below", r.Below)
	c.positive(path+".missed", r.Missed)
}

func (r *Rules) checkShares(c checker) {
	if a := r.InPerson; a != nil {
		c.percent("rules.A-9.below", a.Below)
		c.percent("rules.A-9.remote_above", a.RemoteAbove)
		for i, p := range a.Periods {
			c.period(fmt.Sprintf("rules.A-9.periods[%d]", i), p)
		}
		if len(a.Periods) == 0 {
			c.Fault("rules.A-9.periods", "missing; write over what it is taken, for example [module, programme]")
		}
	}
	r.Threshold.check(c, "rules.A-11")
	r.Reminder.check(c, "rules.A-12")
	if e := r.CheckIn; e != nil {
		c.percent("rules.E-2.below", e.Below)
		c.positive("rules.E-2.logins_per_week", e.LoginsPerWeek)
	}
	if e := r.MonthList; e != nil {
		c.percent("rules.E-3.below", e.Below)
	}
	if e := r.LowMonths; e != nil {
		c.percent("rules.E-4.below", e.Below)
		c.positive("rules.E-4.months", int64(e.Months))
		c.due("rules.E-4.due", e.Due)
	}
	if e := r.ModuleShare; e != nil {
		c.percent("rules.E-5.below", e.Below)
		c.positive("rules.E-5.min_counted", e.MinCounted)
		c.notNegative("rules.E-5.pattern_gap", e.PatternGap)
	}
	if e := r.MeetingList; e != nil {
		c.percent("rules.E-6.below", e.Below)
	}
	if e := r.RemoteShare; e != nil {
		c.percent("rules.E-22.above", e.Above)
		c.percent("rules.E-22.with_permission", e.WithPermission)
	}
}

func (s *Share) check(c checker, path string) {
	if s == nil || s.Below == 0 { // the source gives no number
		return
	}
	c.percent(path+".below", s.Below)
	c.period(path+".period", s.Period)
}

func (c checker) period(path string, p Period) {
	c.oneOf(path, string(p), string(Term), string(Month), string(Fortnight), string(Module), string(Programme))
}

func (r *Rules) checkDays(c checker) {
	if e := r.Tracker; e != nil {
		c.positive("rules.E-1.logins_every", int64(e.LoginsEvery))
		c.positive("rules.E-1.taps_every", int64(e.TapsEvery))
	}
	if e := r.Inactivity; e != nil {
		c.silence("rules.E-8.days", e.Days)
		c.due("rules.E-8.due", e.Due)
		for i, d := range e.Early {
			if d < LeastSilence || d >= e.Days {
				c.Fault(fmt.Sprintf("rules.E-8.early[%d]", i), "%d is no early day of %d; write a smaller one, not below %d", d, e.Days, LeastSilence)
			}
		}
	}
	if e := r.DistanceSilence; e != nil {
		c.silence("rules.E-9.days", e.Days)
	}
	if e := r.Enrolment; e != nil {
		c.due("rules.E-11.grace", e.Grace)
		c.due("rules.E-11.due", e.Due)
	}
	if e := r.EventReport; e != nil {
		c.due("rules.E-12.due", e.Due)
	}
	if e := r.AbsenceLength; e != nil {
		e.check(c)
	}
	if e := r.WorkHours; e != nil {
		c.positive("rules.E-15.limit", int64(e.Limit))
		c.positive("rules.E-15.below_degree", int64(e.BelowDegree))
		c.percent("rules.E-15.amber_from", e.AmberFrom)
	}
	if e := r.Placement; e != nil {
		c.notNegative("rules.E-14.timesheet_within", int64(e.TimesheetWithin))
	}
	c.positive("rules.E-16.every_days", days(r.VisaAudit, func(e *VisaAudit) int { return e.EveryDays }))
	c.positive("rules.E-17.days", days(r.Debt, func(e *Debt) int { return e.Days }))
	c.positive("rules.E-18.within", days(r.ContactDetails, func(e *ContactDetails) int { return e.Within }))
	c.positive("rules.E-19.days", days(r.Curtailment, func(e *Curtailment) int { return e.Days }))
	c.positive("rules.E-20.every_days", days(r.TapReminder, func(e *TapReminder) int { return e.EveryDays }))
}

func (c checker) silence(path string, days int) {
	if days < LeastSilence {
		c.Fault(path, "%d days are no silence; write %d or more", days, LeastSilence)
	}
}

// role is how a role is written, here and in absences.csv.
var role = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (e *AbsenceLength) check(c checker) {
	c.positive("rules.E-13.max_days", int64(e.MaxDays))
	for i, r := range e.Approvals {
		if !role.MatchString(r) {
			c.Fault(fmt.Sprintf("rules.E-13.approvals[%d]", i), "%q is not how absences.csv can name a role; write for example course_lead", r)
		}
	}
}

// days is the number of a clause, or 1 when the clause is not in the policy.
func days[C any](clause *C, of func(*C) int) int64 {
	if clause == nil {
		return 1
	}
	return int64(of(clause))
}
