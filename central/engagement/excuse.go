package engagement

import (
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// Excused is the record with the contacts beyond sessions that fell into an authorised absence or a leave of absence marked so,
// as the register marks sessions (G-4): what was met stays met, nothing is missed "without authorisation" (004, item 11) while
// there was one. Which absences are authorised is said by the policy of the contact's day.
func (r Record) Excused(policies policy.ByDay) Record {
	leaves := r.Of(Leave)
	if len(leaves)+len(r.Absences) == 0 {
		return r
	}
	var of *policy.Policy
	var grants []register.Grant
	contacts := slices.Clone(r.Contacts)
	for i := range contacts {
		c := &contacts[i]
		if c.Kind == Session || c.Code != register.Absent && c.Code != register.Unknown {
			continue
		}
		if slices.ContainsFunc(leaves, func(f Fact) bool { return f.lasts(c.EndsAt) }) {
			c.Code = register.NotNeeded
			continue
		}
		if p := policies(calendar.DayOf(c.EndsAt)); p != nil && p != of {
			of, grants = p, register.Grants(r.Absences, &p.Rules)
		}
		if slices.ContainsFunc(grants, func(g register.Grant) bool { return g.State == register.Granted && covers(g.Absence, c.EndsAt) }) {
			c.Code = register.Authorised
		}
	}
	r.Contacts = contacts
	return r
}

// lasts reports whether a span holds at an instant; one without an end goes on.
func (f Fact) lasts(t time.Time) bool {
	return !t.Before(f.At) && (f.Until.IsZero() || !t.After(f.Until))
}

func covers(a register.Absence, t time.Time) bool { return !t.Before(a.Since) && !t.After(a.Until) }
