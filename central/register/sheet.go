package register

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What a signature may be refused for.
var (
	ErrTooEarly = errors.New("the sheet is signed at the end of the class")
	ErrUnsigned = errors.New("a register is approved after the tutor has signed it")
	ErrOwnSheet = errors.New("a register is approved by somebody else than who signed it")
	ErrPending  = errors.New("some marks are not known yet; wait for their readers, or close the register by hand")
	ErrStanding = errors.New("that is on record already, and nothing has changed since")
)

// Step is a signature under a register (C-4). Source 004, items 3 and 5: the tutor initials all entries and signs; the attendance
// manager approves.
type Step string

// The steps, in their order.
const (
	Signed   Step = "signed"
	Approved Step = "approved"
)

// Signature is one person's signature under a sheet. It is never taken back: a change reopens the sheet.
type Signature struct {
	Step  Step
	Actor string
	At    time.Time
}

// Change is anything that became different in a register: a mark, an amendment, the list.
type Change struct {
	What string // in words
	At   time.Time
}

// Sheet is how far a register's sheet has come: open, signed or approved.
type Sheet struct {
	Signed     *Signature // that holds; nil while the sheet is open
	Approved   *Signature // that holds
	ReopenedBy *Change    // the first change after the last approval; nil if there was none, or if it was signed again
}

// State is the sheet's state in a word.
func (s Sheet) State() string {
	switch {
	case s.Approved != nil:
		return string(Approved)
	case s.Signed != nil:
		return string(Signed)
	}
	return "open"
}

// SheetOf is how far a sheet has come. A change before the approval is what approval is for: the assistant applies authorised
// absences to a signed sheet (item 3). A change after it reopens the sheet, which must be signed and approved again. The order of the
// arguments does not matter; a change at the very instant of an approval came after it.
func SheetOf(signatures []Signature, changes []Change) Sheet {
	signatures, changes = slices.Clone(signatures), slices.Clone(changes)
	slices.SortFunc(signatures, func(a, b Signature) int {
		return cmp.Or(a.At.Compare(b.At), -cmp.Compare(a.Step, b.Step), cmp.Compare(a.Actor, b.Actor)) // who signs and approves at once, signs first
	})
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What, b.What)) })
	var s Sheet
	for _, signature := range signatures {
		s.reopen(changes, signature.At)
		s.take(signature)
	}
	s.reopen(changes, time.Time{})
	return s
}

// reopen applies the first change from the approval up to, and without, an instant; a zero instant is no bound.
func (s *Sheet) reopen(changes []Change, until time.Time) {
	if s.Approved == nil {
		return
	}
	for i := range changes {
		c := &changes[i]
		if !c.At.Before(s.Approved.At) && (until.IsZero() || c.At.Before(until)) {
			*s = Sheet{ReopenedBy: c}
			return
		}
	}
}

// take applies a signature; an approval without a tutor's signature is none.
func (s *Sheet) take(signature Signature) {
	switch signature.Step {
	case Signed:
		*s = Sheet{Signed: &signature}
	case Approved:
		if s.Signed != nil {
			s.Approved = &signature
		}
	}
}

// Check tells why somebody may not sign now; nil when they may. Whether their role lets them is not asked here.
func (s Sheet) Check(signature Signature, endsAt time.Time, pending int64) error {
	switch {
	case signature.At.Before(endsAt):
		return fmt.Errorf("%w, from %s", ErrTooEarly, moment(endsAt))
	case signature.Step == Signed && s.Signed != nil, signature.Step == Approved && s.Approved != nil:
		return ErrStanding
	case signature.Step == Signed:
		return nil
	case s.Signed == nil:
		return ErrUnsigned
	case s.Signed.Actor == signature.Actor:
		return ErrOwnSheet
	case pending > 0:
		return fmt.Errorf("%d marks: %w", pending, ErrPending)
	}
	return nil
}
