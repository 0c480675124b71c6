package rules

import (
	"slices"

	"github.com/rollcall-edge/rollcall/central/policy"
)

// tapless is rule E-10. Source 001: students on distance courses are followed by the learning platform and their coursework,
// those on placement by their tutor, and nobody expects taps of them. So no clause that is about taps looks at them (E-2's
// half of taps, E-3, E-4, E-5, E-6). What they do in place of tapping are contacts of their own: log-ins, submissions,
// meetings, supervision of a dissertation, timesheets.
//
// Students on placement "keep in touch through personal or placement tutors": nobody counts their log-ins either (E-2). The
// source speaks of taught courses from level 4 to 7; which levels a policy is for, its scope says.
//
// How somebody studies is what the student record says today; a placement of some weeks in a course on campus is no case of
// this rule but of E-14, and its sessions are not expected.
func (s Student) tapless(p *policy.Policy) bool {
	return p.Rules.Delivery != nil && slices.Contains(p.Rules.Delivery.WithoutTaps, s.Subject().Delivery)
}

// tutored reports whether the student is followed by a tutor alone.
func (s Student) tutored(p *policy.Policy) bool {
	return s.tapless(p) && s.Subject().Delivery == "placement"
}

// among is true for an empty list, which restricts nothing.
func among(list []string, value string) bool { return len(list) == 0 || slices.Contains(list, value) }
