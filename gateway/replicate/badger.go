package replicate

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// badgerOptions are for a board with 1 GB of memory: about 60 MB resident, where Badger's defaults take 340 MB and map
// 2 GiB. SyncWrites: an applied entry may be pruned from the Raft log, so it must be on disk here.
func badgerOptions(dir string, log *slog.Logger) badger.Options {
	return badger.DefaultOptions(dir).
		WithLogger(badgerLog{log}).
		WithSyncWrites(true).
		WithMemTableSize(8 << 20).
		WithNumMemtables(2).
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(4).
		WithNumCompactors(2).
		WithNumGoroutines(2).
		WithBlockCacheSize(4 << 20).
		WithIndexCacheSize(4 << 20).
		WithCompression(options.Snappy).
		WithValueLogFileSize(16 << 20).
		WithNumVersionsToKeep(1).
		WithMetricsEnabled(false).
		WithDetectConflicts(false) // one writer
}

// openBadger opens the database in dir, making it if it is not there. A power cut can leave files that make the first
// attempt fail, and the attempt itself then clears them away: it gets a second one.
func openBadger(dir string, log *slog.Logger) (*badger.DB, error) {
	if err := removeEmptyFiles(dir); err != nil {
		return nil, err
	}
	db, err := tryBadger(dir, log)
	if err == nil {
		return db, nil
	}
	log.Warn("replica did not open; trying once more", slog.Any("error", err))
	if err := removeEmptyFiles(dir); err != nil {
		return nil, err
	}
	return tryBadger(dir, log)
}

func tryBadger(dir string, log *slog.Logger) (db *badger.DB, err error) {
	err = guarded("open replica", func() error {
		db, err = badger.Open(badgerOptions(dir, log))
		return err
	})
	return db, err
}

// removeEmptyFiles deletes what Badger created but had not begun to write when the power went. It refuses to open with
// such a file although nothing is in it.
func removeEmptyFiles(dir string) error {
	for _, pattern := range []string{"*.mem", "*.vlog"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return fmt.Errorf("look for empty files: %w", err)
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			if err == nil && info.Size() == 0 {
				err = os.Remove(path)
			}
			if err != nil {
				return fmt.Errorf("remove empty file: %w", err)
			}
		}
	}
	return nil
}

// guarded runs f and turns its panic into an error: Badger panics on some damage to its tables.
func guarded(doing string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it panicked: %v", ErrDamaged, p)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", doing, err)
		}
	}()
	return f()
}
