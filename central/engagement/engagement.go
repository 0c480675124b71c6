// Package engagement is a student's dated history of expected contacts in one term, and the figures that rules are stated in. It
// judges nothing and divides nothing: rates stay two integers (RULES G-1).
package engagement

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// History is what was expected of one student in one term and what came of it.
type History struct {
	Person
	Term     string
	Contacts []Contact // by the end of the session, as New leaves them
}

// Contact is one expected contact: a mandatory session with its mark.
type Contact struct {
	Session  string
	StartsAt time.Time
	EndsAt   time.Time
	Code     register.Code
	TappedAt time.Time // zero if no tap was credited
}

// New orders the contacts by the end of their sessions, so that a history does not depend on how facts arrived.
func New(p Person, term string, contacts []Contact) History {
	ordered := slices.Clone(contacts)
	slices.SortFunc(ordered, func(a, b Contact) int {
		return cmp.Or(a.EndsAt.Compare(b.EndsAt), a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.Session, b.Session))
	})
	return History{Person: p, Term: term, Contacts: ordered}
}

// Count is how many marks of each code there are. X, N and U are not counted: nothing is concluded from them (RULES G-2).
type Count struct {
	Present, Late, Absent, Authorised, Remote int64
}

// Add counts one more mark.
func (c *Count) Add(code register.Code) {
	switch code {
	case register.Present:
		c.Present++
	case register.Late:
		c.Late++
	case register.Absent:
		c.Absent++
	case register.Authorised:
		c.Authorised++
	case register.Remote:
		c.Remote++
	}
}

// Tally is what the marks come to by a policy's way of counting.
func (c Count) Tally(by policy.Counting) Tally {
	t := Tally{Attended: c.Present, Counted: c.Present + c.Late + c.Absent + c.Remote, Missed: c.Absent}
	if by.LateAttends {
		t.Attended += c.Late
	}
	if by.AuthorisedCounts {
		t.Counted += c.Authorised
	}
	return t
}

// Tally is a rate as two integers, and what was missed.
type Tally struct {
	Attended int64
	Counted  int64
	Missed   int64 // A
}

// Below reports whether attendance is strictly below a percentage, in integers. It is false while nothing counts.
func (t Tally) Below(percent int64) bool { return 100*t.Attended < percent*t.Counted }

// Permille is attendance in thousandths, rounded down; 1000 while nothing counts.
func (t Tally) Permille() int64 {
	if t.Counted == 0 {
		return 1000
	}
	return 1000 * t.Attended / t.Counted
}

// At counts the contacts whose sessions had ended by an instant.
func (h History) At(asOf time.Time) Count {
	var n Count
	for _, c := range h.Contacts {
		if !c.EndsAt.After(asOf) {
			n.Add(c.Code)
		}
	}
	return n
}

// Pending counts the sessions that had ended by an instant and are not known yet.
func (h History) Pending(asOf time.Time) int64 {
	var n int64
	for _, c := range h.Contacts {
		if c.Code == register.Unknown && !c.EndsAt.After(asOf) {
			n++
		}
	}
	return n
}

// Missed lists the sessions marked A that had ended by an instant, oldest first.
func (h History) Missed(asOf time.Time) []Contact {
	var missed []Contact
	for _, c := range h.Contacts {
		if c.Code == register.Absent && !c.EndsAt.After(asOf) {
			missed = append(missed, c)
		}
	}
	return missed
}

// SeenAt is the last credited tap; zero if there was none.
func (h History) SeenAt() time.Time {
	var seen time.Time
	for _, c := range h.Contacts {
		if c.TappedAt.After(seen) {
			seen = c.TappedAt
		}
	}
	return seen
}
