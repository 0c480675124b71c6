// Package engagement is everything dated that is known of one student: the contacts that were expected and what came of them, and
// facts such as log-ins, placements and fees, with the figures that rules are stated in. It judges nothing and divides nothing:
// rates stay two integers (RULES G-1).
package engagement

import (
	"cmp"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// History is what was expected of one student in a stretch of time, mostly a term, and what came of it.
type History struct {
	Person
	Term     string    // "" for another stretch
	Contacts []Contact // by the end of the session, as New leaves them
}

// Session is the kind of a contact that has a register.
const Session Kind = "session"

// Contact is one expected contact: a mandatory session with its mark, or a submission, an examination, a meeting.
type Contact struct {
	ID       string // of the session, or the words of the fact
	Kind     Kind
	Module   string // of a session
	Delivery string // of a session: in_person, online or hybrid; "" if nobody says
	StartsAt time.Time
	EndsAt   time.Time
	Code     register.Code
	TappedAt time.Time // zero if no tap was credited
	KnownAt  time.Time // when the code was first concluded; zero if it was never stored
}

// New orders the contacts by the end of their sessions, so that a history does not depend on how facts arrived.
func New(p Person, term string, contacts []Contact) History {
	ordered := slices.Clone(contacts)
	slices.SortFunc(ordered, func(a, b Contact) int { return byEnd(&a, &b) })
	return History{Person: p, Term: term, Contacts: ordered}
}

func byEnd(a, b *Contact) int {
	return cmp.Or(a.EndsAt.Compare(b.EndsAt), a.StartsAt.Compare(b.StartsAt), cmp.Compare(a.ID, b.ID))
}

// Count is how many contacts of each code there are. X, N and U are not counted: nothing is concluded from them (RULES G-2).
type Count struct {
	Present, Late, Absent, Authorised, Remote int64 // of sessions
	Elsewhere                                 int64 // missed without authorisation: submissions, examinations, meetings (004, item 11)
}

// Add counts one more contact. What is no session has no part in a rate of attendance, but may be missed.
func (c *Count) Add(contact *Contact) { c.add(contact, 1) }

func (c *Count) add(contact *Contact, weight int64) {
	if contact.Kind != Session {
		if contact.Code == register.Absent {
			c.Elsewhere += weight
		}
		return
	}
	switch contact.Code {
	case register.Present:
		c.Present += weight
	case register.Late:
		c.Late += weight
	case register.Absent:
		c.Absent += weight
	case register.Authorised:
		c.Authorised += weight
	case register.Remote:
		c.Remote += weight
	}
}

// Tally is what the marks come to by a policy's way of counting.
func (c Count) Tally(by policy.Counting) Tally {
	t := Tally{Attended: c.Present, Counted: c.Present + c.Late + c.Absent + c.Remote, Missed: c.Absent + c.Elsewhere}
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
	Missed   int64 // A, of sessions and of other contacts
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
	for i := range h.Contacts {
		c := &h.Contacts[i]
		if !c.EndsAt.After(asOf) {
			n.add(c, 1)
		}
	}
	return n
}

// Missed lists the contacts marked A that had ended by an instant, oldest first.
func (h History) Missed(asOf time.Time) []Contact {
	var missed []Contact
	for i := range h.Contacts {
		c := &h.Contacts[i]
		if c.Code == register.Absent && !c.EndsAt.After(asOf) {
			missed = append(missed, *c)
		}
	}
	return missed
}

// SeenAt is the last credited tap; zero if there was none.
func (h History) SeenAt() time.Time {
	var seen time.Time
	for i := range h.Contacts {
		c := &h.Contacts[i]
		if c.TappedAt.After(seen) {
			seen = c.TappedAt
		}
	}
	return seen
}
