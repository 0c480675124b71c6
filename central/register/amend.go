package register

import (
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// ErrAmend is wrapped by every reason why a mark may not be amended. Their texts are shown to people.
var ErrAmend = errors.New("the policy does not allow this")

// Attempt is what somebody wants to record of a student at a session.
type Attempt struct {
	Code     Code
	Lecturer bool      // by the session's staff; otherwise by the attendance team
	Tapped   bool      // a tap of the student is credited to the session
	StartsAt time.Time // of the session
	EndsAt   time.Time
	At       time.Time // when it would be recorded
}

// MayAmend tells why a policy does not allow an amendment; nil when it does. Sources disagree on a forgotten card: at
// Portsmouth (001) the absence stands, at St Mary's (003, L132) the lecturer must amend it; the policy says which (W-9).
// Late counts as attendance, so it is no way around. The limit for lecturers is in civil days, the last of them included;
// the attendance team has none (W-10).
func MayAmend(m policy.Marking, a Attempt) error {
	if err := inTime(m, a); err != nil {
		return err
	}
	if a.Tapped || a.Code != Present && a.Code != Late {
		return nil
	}
	switch {
	case m.ForgottenCard == policy.ForbidManual:
		return fmt.Errorf("%w: nobody is recorded as present without a tap; look for the student's tap at other readers, and if a reader failed record N and say so", ErrAmend)
	case m.ForgottenCard == policy.TeamManual && a.Lecturer:
		return fmt.Errorf("%w: only the attendance team records somebody as present without a tap; ask a compliance officer", ErrAmend)
	}
	return nil
}

// MayAmendBy asks the policy by which a mark was made. While nobody was judged it has no name, and every policy in force on the day
// of the session must allow the amendment.
func MayAmendBy(book *policy.Book, made string, a Attempt) error {
	if p := book.ByID(made); p != nil {
		return MayAmend(p.Marking, a)
	}
	for _, p := range book.On(calendar.DayOf(a.StartsAt)) {
		if err := MayAmend(p.Marking, a); err != nil {
			return err
		}
	}
	return nil
}

// inTime is W-10. A limit of 0 is none.
func inTime(m policy.Marking, a Attempt) error {
	if !a.Lecturer || m.AmendWithin == 0 || calendar.DayOf(a.EndsAt).Until(calendar.DayOf(a.At)) <= m.AmendWithin {
		return nil
	}
	return fmt.Errorf("%w: lecturers amend a mark within %d days of the session; ask a compliance officer", ErrAmend, m.AmendWithin)
}
