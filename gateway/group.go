package gateway

import (
	"context"
	"time"

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

// sleep returns false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
