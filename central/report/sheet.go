package report

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/register"
)

// sheetSource reads what people write on and about a register's sheet.
type sheetSource interface {
	HeadcountsOf(ctx context.Context, session string) ([]Headcount, error)
	SignaturesOf(ctx context.Context, session string) ([]Signature, error)
	// ChangesOf lists when the register's marks and list became what they are, and its amendments.
	ChangesOf(ctx context.Context, session string) ([]register.Change, error)
}

// Headcount is how many people somebody counted in a session (C-6).
type Headcount struct {
	Counter string    `json:"counter"`
	At      time.Time `json:"at"`
	People  int64     `json:"people"`
	MadeAt  time.Time `json:"made_at"`
}

// Signature is one person's signature under a register (C-4).
type Signature struct {
	Step   string    `json:"step"` // signed or approved
	Actor  string    `json:"actor"`
	MadeAt time.Time `json:"made_at"`
}

// Sheet is how far a register's sheet has come, with all that was ever signed.
type Sheet struct {
	State      string      `json:"state"`       // open, signed or approved
	ReopenedBy string      `json:"reopened_by"` // what reopened it after it was approved; "" if nothing did
	ReopenedAt *time.Time  `json:"reopened_at"`
	Signatures []Signature `json:"signatures"` // oldest first

	sheet register.Sheet
}

// Check tells why somebody may not sign a register now; nil when they may.
func (r Register) Check(step register.Step, actor string, now time.Time) error {
	return r.Sheet.sheet.Check(register.Signature{Step: step, Actor: actor, At: now}, r.Session.EndsAt, r.Session.Marks["U"]+r.Session.Marks[Unjudged])
}

// sheet reads a register's sheet.
func (r *Reports) sheet(ctx context.Context, session string) (Sheet, error) {
	signatures, err := r.source.SignaturesOf(ctx, session)
	if err != nil {
		return Sheet{}, fmt.Errorf("read signatures: %w", err)
	}
	changes, err := r.source.ChangesOf(ctx, session)
	if err != nil {
		return Sheet{}, fmt.Errorf("read changes: %w", err)
	}
	given := make([]register.Signature, len(signatures))
	for i, s := range signatures {
		given[i] = register.Signature{Step: register.Step(s.Step), Actor: s.Actor, At: s.MadeAt}
	}
	s := Sheet{Signatures: signatures, sheet: register.SheetOf(given, changes)}
	s.State = s.sheet.State()
	if c := s.sheet.ReopenedBy; c != nil {
		s.ReopenedBy, s.ReopenedAt = c.What, &c.At
	}
	return s, nil
}
