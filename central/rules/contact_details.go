package rules

import (
	"fmt"
	"sort"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// contactDetails is rule E-18. Source 003, section 15, "Updated address and contact details": contact details "for all sponsored
// students" are kept up to date, audited regularly, and students "will be communicated with to remind them".
//
// How regular is not said: the first day of each term is the point of audit. Who has not confirmed their details in so many
// days up to it is reminded. A student is asked in terms in which something is expected of them. Confirmations that come from
// a portal are known as far as its feed reaches (G-3).
func contactDetails(s Student) []Finding {
	if !s.Sponsored {
		return nil
	}
	var findings []Finding
	for _, t := range s.Calendar.Terms {
		audit := t.First.Starts()
		p := s.on(audit)
		if audit.After(s.AsOf) || p == nil || p.Rules.ContactDetails == nil || !s.expectedIn(t) || !s.heardThrough(engagement.Details, audit) {
			continue
		}
		last, ever := s.confirmed(audit)
		if ever && calendar.DayOf(last.At).Until(t.First) <= p.Rules.ContactDetails.Within {
			continue
		}
		f := Finding{Rule: "E-18", Scope: t.ID, Step: "confirm contact details", Opens: Alert, AsOf: audit, Policy: p.ID()}
		f.Summary = "Address and telephone were never confirmed; remind the student"
		if ever {
			f.Evidence = evidence(last)
			f.Summary = fmt.Sprintf("Address and telephone were last confirmed on %s, more than %d days ago; remind the student", calendar.DayOf(last.At), p.Rules.ContactDetails.Within)
		}
		findings = append(findings, f)
	}
	return findings
}

// confirmed is the last confirmation up to an instant.
func (s Student) confirmed(by time.Time) (last engagement.Fact, ever bool) {
	for _, f := range s.Facts {
		if f.Kind == engagement.Details && !f.At.After(by) {
			last, ever = f, true
		}
	}
	return last, ever
}

// expectedIn reports whether anything is expected of the student in a term.
func (s Student) expectedIn(t calendar.Term) bool {
	from, to := t.First.Starts(), t.Last.Ends()
	i := sort.Search(len(s.Contacts), func(i int) bool { return !s.Contacts[i].EndsAt.Before(from) })
	return i < len(s.Contacts) && !s.Contacts[i].StartsAt.After(to)
}
