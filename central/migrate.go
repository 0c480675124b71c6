package central

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/config"
)

// Migrate moves what the configured database holds, in SQLite, to an empty PostgreSQL database. A central that serves may run
// beside it: it takes no writes meanwhile, and none afterwards until it is started with the new database.
func Migrate(ctx context.Context, cfg *config.Central, to store.Place, tell func(store.Progress)) (moved store.Moved, err error) {
	err = config.CheckDatabase(to.Database)
	if err == nil && filepath.IsAbs(to.Database) {
		err = errors.New("this is a file; a database moves to PostgreSQL: postgres://user@host/name")
	}
	if err != nil {
		return moved, config.Faults{{File: "command line", Path: "--to", Detail: err.Error()}}
	}
	source, err := store.Open(ctx, placeOf(cfg))
	if err != nil {
		return moved, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := store.Open(ctx, to)
	if err != nil {
		return moved, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	return store.Move(ctx, source, target, tell)
}
