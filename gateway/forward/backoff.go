package forward

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// maxRetryAfter bounds what a confused server may ask of us.
const maxRetryAfter = 10 * time.Minute

// backoff paces repeats with full jitter: a random time up to a bound that doubles, so that gateways that lost central in
// the same moment do not return in step.
type backoff struct{ first, most time.Duration }

// pause is how long to wait after the n-th failure in a row, n from 1.
func (b backoff) pause(n int) time.Duration {
	bound := b.most
	if shift := n - 1; shift < 30 && b.first<<shift < b.most {
		bound = b.first << shift
	}
	return rand.N(bound) + time.Millisecond
}

// after is how long central asked us to stay away; 0 if it did not.
func after(err error) time.Duration {
	if p, ok := errors.AsType[*contract.Problem](err); ok {
		return min(p.RetryAfter, maxRetryAfter)
	}
	return 0
}

// wait returns early when ctx ends or wake is closed or sent to. A nil wake never wakes.
func wait(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-t.C:
	}
}
