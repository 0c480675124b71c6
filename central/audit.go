package central

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/proof"
	"github.com/rollcall-edge/rollcall/central/store"
)

// ErrNotTheirs means that a tap is not one of a student's cards.
var ErrNotTheirs = errors.New("the tap was not made with a card of this student")

// Export writes an export of the streams for an auditor, with the records stamped in [from, to) opened.
func (f *Office) Export(ctx context.Context, w io.Writer, from, to time.Time) error {
	return f.store.Audit(ctx, func(s proof.Source) error {
		return proof.Export(ctx, w, s, proof.Span{From: from, To: to, MadeAt: f.now()})
	})
}

// ProveTapOf makes the proof of one tap for the student who made it.
func (f *Office) ProveTapOf(ctx context.Context, student string, id contract.TapID) (proof.Tap, error) {
	t, err := f.store.ReportSource().Tap(ctx, id)
	if err != nil {
		return proof.Tap{}, fmt.Errorf("prove tap %s: %w", id, err)
	}
	if t.Student != student {
		return proof.Tap{}, fmt.Errorf("prove tap %s for %s: %w", id, student, ErrNotTheirs)
	}
	return prover{f.store}.ProveTap(ctx, id)
}

// ErrSponsored means that records of a sponsored student must be kept: until a year after the sponsorship ended (Appendix D).
var ErrSponsored = errors.New("the student is marked as holding a visa: records are to be kept until a year after the sponsorship ended; say so if that is over")

// Erasure asks for a student to be erased.
type Erasure struct {
	Student         string
	Actor, Reason   string
	SponsorshipOver bool                    // and the year after it
	Confirm         func(store.Erased) bool // asked before anything is destroyed; nil destroys nothing
}

// Erase destroys everything that is kept of a student, for good, if that is confirmed, and says what that is.
func (f *Office) Erase(ctx context.Context, e Erasure) (what store.Erased, done bool, err error) {
	what, err = f.store.WouldErase(ctx, e.Student)
	if err == nil && what.Sponsored && !e.SponsorshipOver {
		err = ErrSponsored
	}
	if err != nil {
		return what, false, fmt.Errorf("erase student %s: %w", e.Student, err)
	}
	if e.Confirm == nil || !e.Confirm(what) {
		return what, false, nil
	}
	what, err = f.store.Erase(ctx, e.Student, proof.Erasure{At: f.now(), Actor: e.Actor, Reason: e.Reason})
	if err != nil {
		return what, false, fmt.Errorf("erase student: %w", err)
	}
	f.log.Warn("a student was erased", "actor", e.Actor, "records", what.Records)
	f.imported()
	return what, true, nil
}

// prover implements web.Proofs.
type prover struct{ store *store.Store }

// ProveTap implements web.Proofs.
func (p prover) ProveTap(ctx context.Context, id contract.TapID) (made proof.Tap, err error) {
	err = p.store.Audit(ctx, func(s proof.Source) error {
		made, err = proof.ProveTap(ctx, s, id)
		return err
	})
	return made, err
}
