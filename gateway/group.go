package gateway

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// runAll runs every runner until ctx ends or one of them fails, ends the others then, and returns the first failure when
// all have returned.
func runAll(ctx context.Context, runners ...func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, run := range runners {
		group.Go(func() error { return run(ctx) })
	}
	return group.Wait()
}
