package directory

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Central answers with a directory of another revision than have, waiting up to wait for one; contract.ErrUnchanged when
// there is none by then.
type Central interface {
	Directory(ctx context.Context, have uint64, wait time.Duration) (contract.SignedDirectory, error)
}

// The pace of asking. Full jitter keeps a campus of gateways from asking in step after an outage of central.
const (
	pollFor      = 30 * time.Second
	pollPatience = pollFor + 30*time.Second // for a link that lost the answer
	pollEvery    = time.Second
	retryFirst   = time.Second
	retryMost    = time.Minute
)

// Refresh follows central's directory.
type Refresh struct {
	Cache   *Cache
	Central Central
	Log     *slog.Logger
}

// Run asks central for newer directories until ctx ends, and returns nil then.
func (r *Refresh) Run(ctx context.Context) error {
	retry := retryFirst
	for ctx.Err() == nil {
		askedAt := time.Now()
		err := r.Once(ctx, pollFor)
		if err == nil {
			retry = retryFirst
			wait(ctx, pollEvery-time.Since(askedAt)) // lest a central that answers at once is asked in a loop
			continue
		}
		if ctx.Err() != nil {
			break
		}
		r.Log.Info("directory not refreshed", slog.Any("error", err))
		wait(ctx, rand.N(retry)+time.Millisecond)
		retry = min(2*retry, retryMost)
	}
	return nil
}

// Once asks central, which waits up to within for something newer.
func (r *Refresh) Once(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, pollPatience)
	defer cancel()
	_, have := r.Cache.Held()
	s, err := r.Central.Directory(ctx, have, within)
	if errors.Is(err, contract.ErrUnchanged) {
		return nil
	}
	if err != nil {
		return err
	}
	err = r.Cache.Install(s)
	if errors.Is(err, ErrOlder) { // a fellow was quicker
		return nil
	}
	if err != nil {
		return err
	}
	d := r.Cache.Current()
	r.Log.Info("directory in force", slog.Uint64("revision", d.Revision), slog.String("cluster", d.Cluster), slog.Int("members", len(d.Members)))
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
