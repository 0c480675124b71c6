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
