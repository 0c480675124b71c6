package register

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// Absence is an absence that was asked for, both ends included. Whether it is authorised, Grants tells.
type Absence struct {
	ID           int64 // grows with every request
	Since, Until time.Time
	Reason       string
	Approvals    []Approval
	RecordedAt   time.Time
}

// Approval is the word of one role on an absence.
type Approval struct {
	Role string // as the policy names it, e.g. course_lead; "" when nobody says in which role
	By   string
	At   time.Time // when it was recorded
}

// days are the civil days that an absence touches.
func (a Absence) days() span { return span{calendar.DayOf(a.Since), calendar.DayOf(a.Until)} }

// GrantState is what became of a request.
type GrantState string

// The states of a request.
const (
	Granted GrantState = "granted"
	Waiting GrantState = "pending" // an approval is missing
	Refused GrantState = "refused" // too long, together with what was granted before
)

// Grant is a request and what became of it.
type Grant struct {
	Absence
	State     GrantState
	DecidedAt time.Time // when the last needed approval was there, or the request was made if none is needed
	Why       string    // of a request that is not granted: a clause a person can read, e.g. "approval by head_of_registry is missing"
}

// Grants says which absences are authorised, in the order of their first days (003, L216-220; E-13). A request needs the
// approval of every role that the rule names, and those that are granted may not come to more consecutive calendar days
// than the rule allows; ones that touch or overlap are one. Requests are decided in the order in which they were fully
// approved, and one that makes it too long is refused as a whole: what was granted before stays granted. Without a rule
// every recorded absence is authorised. A short absence that the policy lets students certify themselves (F-1) needs no
// approval, but counts towards the length.
func Grants(requests []Absence, rules *policy.Rules) []Grant {
	grants := distinct(requests)
	byDecision := make([]*Grant, len(grants))
	for i := range grants {
		grants[i].DecidedAt = grants[i].decidedAt(rules)
		byDecision[i] = &grants[i]
	}
	slices.SortStableFunc(byDecision, func(a, b *Grant) int {
		return cmp.Or(a.DecidedAt.Compare(b.DecidedAt), cmp.Compare(a.ID, b.ID))
	})
	var held []span
	for _, g := range byDecision {
		g.decide(rules, held)
		if g.State == Granted {
			held = append(held, g.days())
		}
	}
	return grants
}

// distinct orders requests by their days and drops those that were told twice.
func distinct(requests []Absence) []Grant {
	grants := make([]Grant, len(requests))
	for i, a := range requests {
		grants[i] = Grant{Absence: a}
	}
	slices.SortStableFunc(grants, func(a, b Grant) int {
		return cmp.Or(a.Since.Compare(b.Since), a.Until.Compare(b.Until), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(grants, func(a, b Grant) bool { return a.ID != 0 && a.ID == b.ID })
}

func (g *Grant) decide(rules *policy.Rules, held []span) {
	g.State = Granted
	rule := rules.AbsenceLength
	if rule == nil {
		return
	}
	if missing := g.missing(rules); len(missing) > 0 {
		g.State, g.Why = Waiting, "approval by "+strings.Join(missing, " and ")+" is missing"
		return
	}
	if n := g.days().with(held).days(); n > rule.MaxDays {
		g.State = Refused
		g.Why = fmt.Sprintf("it would come to %d consecutive days, and %d may be authorised; ask for a leave of absence", n, rule.MaxDays)
	}
}

// missing are the roles whose approval is still needed.
func (g *Grant) missing(rules *policy.Rules) []string {
	if certified(g.Absence, rules.SelfAbsence) {
		return nil
	}
	var missing []string
	for _, role := range rules.AbsenceLength.Approvals {
		if !slices.ContainsFunc(g.Approvals, func(a Approval) bool { return a.Role == role }) {
			missing = append(missing, role)
		}
	}
	return missing
}

// certified reports whether an absence is short enough for the student's own word (F-1).
func certified(a Absence, rule *policy.SelfAbsence) bool {
	return rule != nil && rule.Authorised && a.days().days() <= rule.NoNoticeDays
}

// decidedAt is when the last needed approval was there; when the request was made if none is needed.
func (g *Grant) decidedAt(rules *policy.Rules) time.Time {
	at := g.RecordedAt
	if rules.AbsenceLength == nil || certified(g.Absence, rules.SelfAbsence) {
		return at
	}
	for _, role := range rules.AbsenceLength.Approvals {
		if first := g.firstOf(role); first.After(at) {
			at = first
		}
	}
	return at
}

// firstOf is when a role approved first; zero if it did not.
func (g *Grant) firstOf(role string) time.Time {
	var first time.Time
	for _, a := range g.Approvals {
		if a.Role == role && (first.IsZero() || a.At.Before(first)) {
			first = a.At
		}
	}
	return first
}

// span is civil days, both included.
type span struct{ first, last calendar.Day }

func (s span) days() int { return s.first.Until(s.last) + 1 }

// with is s together with all of the others that touch it, or touch what touches it.
func (s span) with(others []span) span {
	rest := slices.Clone(others)
	for {
		at := slices.IndexFunc(rest, s.touches)
		if at < 0 {
			return s
		}
		o := rest[at]
		rest = slices.Delete(rest, at, at+1)
		if o.first.Before(s.first) {
			s.first = o.first
		}
		if s.last.Before(o.last) {
			s.last = o.last
		}
	}
}

// touches reports whether two spans overlap or follow one another without a day between.
func (s span) touches(o span) bool { return o.first.Until(s.last) >= -1 && s.first.Until(o.last) >= -1 }
