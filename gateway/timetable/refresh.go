package timetable

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/longpoll"
)

// Central answers with a timetable newer than version have, waiting up to wait for one; contract.ErrUnchanged when there
// is none by then.
type Central interface {
	Timetable(ctx context.Context, have uint64, wait time.Duration) (contract.SignedTimetable, error)
}

// Refresh follows central's timetable.
type Refresh struct {
	Cache   *Cache
	Central Central
	Log     *slog.Logger
}

// Run asks central for newer timetables until ctx ends, and returns nil then.
func (r *Refresh) Run(ctx context.Context) error {
	return longpoll.Follow(ctx, r.Log, "timetable", r.once)
}

func (r *Refresh) once(ctx context.Context, within time.Duration) error {
	var have uint64
	if x := r.Cache.Index(); x != nil {
		have = x.Version()
	}
	s, err := r.Central.Timetable(ctx, have, within)
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
