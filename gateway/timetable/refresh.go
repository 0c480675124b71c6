package timetable

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Central answers with a timetable newer than version have, waiting up to wait for one; contract.ErrUnchanged when there
// is none by then.
type Central interface {
	Timetable(ctx context.Context, have uint64, wait time.Duration) (contract.SignedTimetable, error)
}

// The pace of asking. Full jitter keeps a campus of gateways from asking in step after an outage of central.
const (
	pollFor      = 30 * time.Second
	pollPatience = pollFor + 30*time.Second // for a link that lost the answer
	pollEvery    = time.Second
	retryFirst   = time.Second
	retryMost    = time.Minute
)

// Refresh follows central's timetable.
type Refresh struct {
	Cache   *Cache
	Central Central
	Log     *slog.Logger
}

// Run asks central for newer timetables until ctx ends, and returns nil then.
func (r *Refresh) Run(ctx context.Context) error {
	retry := retryFirst
	for ctx.Err() == nil {
		askedAt := time.Now()
		err := r.once(ctx)
		if err == nil {
			retry = retryFirst
			wait(ctx, pollEvery-time.Since(askedAt)) // lest a central that answers at once is asked in a loop
			continue
		}
		if ctx.Err() != nil {
			break
		}
		r.Log.Info("timetable not refreshed", slog.Any("error", err))
		wait(ctx, rand.N(retry)+time.Millisecond)
		retry = min(2*retry, retryMost)
	}
	return nil
}

func (r *Refresh) once(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollPatience)
	defer cancel()
	var have uint64
	if x := r.Cache.Index(); x != nil {
		have = x.Version()
	}
	s, err := r.Central.Timetable(ctx, have, pollFor)
	if errors.Is(err, contract.ErrUnchanged) {
		r.Cache.confirm()
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.Cache.Install(s); err != nil {
		return err
	}
	r.Cache.confirm()
	x := r.Cache.Index()
	r.Log.Info("timetable in force", slog.Uint64("version", x.Version()), slog.Time("valid_until", x.ValidUntil()), slog.Int("cards", x.Cards()))
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
