package directory

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/longpoll"
)

// Central answers with a directory of another revision than have, waiting up to wait for one; contract.ErrUnchanged when
// there is none by then.
type Central interface {
	Directory(ctx context.Context, have uint64, wait time.Duration) (contract.SignedDirectory, error)
}

// Refresh follows central's directory.
type Refresh struct {
	Cache   *Cache
	Central Central
	Log     *slog.Logger
}

// Run asks central for newer directories until ctx ends, and returns nil then.
func (r *Refresh) Run(ctx context.Context) error {
	return longpoll.Follow(ctx, r.Log, "directory", r.Once)
}

// Once asks central, which waits up to within for something newer.
func (r *Refresh) Once(ctx context.Context, within time.Duration) error {
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
