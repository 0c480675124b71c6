//go:build !mutant_ack_before_commit

package ingest

import "context"

// commit does f in one transaction; what f did is on disk when it returns nil.
func (i *Intake) commit(ctx context.Context, f func(Tx) error) error { return i.store.Receive(ctx, f) }
