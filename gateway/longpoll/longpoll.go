// Package longpoll asks central for what is newer than what a gateway has, again and again. What that is, and where it is kept,
// is the business of whoever asks.
package longpoll

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// The pace of asking. Full jitter keeps a campus of gateways from asking in step after an outage of central.
const (
	holdsFor   = 30 * time.Second // for which central may wait for something newer
	slack      = 30 * time.Second // beyond that, for a link that lost the answer
	every      = time.Second      // at most
	retryFirst = time.Second
	retryMost  = time.Minute
)

// Question asks central once for something newer, lets it wait for one for up to within, and keeps what comes.
type Question func(ctx context.Context, within time.Duration) error

// Follow asks until ctx ends, and returns nil then. What is what is asked for, in logs.
func Follow(ctx context.Context, log *slog.Logger, what string, ask Question) error {
	retry := retryFirst
	for ctx.Err() == nil {
		askedAt := time.Now()
		err := once(ctx, ask)
		if err == nil {
			retry = retryFirst
			wait(ctx, every-time.Since(askedAt)) // lest a central that answers at once is asked in a loop
			continue
		}
		if ctx.Err() != nil {
			break
		}
		log.Info(what+" not refreshed", slog.Any("error", err))
		wait(ctx, rand.N(retry)+time.Millisecond)
		retry = min(2*retry, retryMost)
	}
	return nil
}

func once(ctx context.Context, ask Question) error {
	ctx, cancel := context.WithTimeout(ctx, holdsFor+slack)
	defer cancel()
	return ask(ctx, holdsFor)
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
