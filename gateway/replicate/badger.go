package replicate

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"golang.org/x/sys/unix"
)

// badgerBlock is the size of a block in Badger's tables, its default.
const badgerBlock = 4 << 10

// memtableSize is how much Badger gathers in memory, and in a file, before it makes a table of it.
const memtableSize = 8 << 20

// badgerOptions are for a board with 1 GB of memory: about 60 MB resident, where Badger's defaults take 340 MB and map
// 2 GiB. SyncWrites: an applied entry may be pruned from the Raft log, so it must be on disk here.
func badgerOptions(dir string, key []byte, log *slog.Logger) badger.Options {
	return badger.DefaultOptions(dir).
		WithLogger(badgerLog{log}).
		WithSyncWrites(true).
		WithMemTableSize(memtableSize).
		WithNumMemtables(2).
		WithNumLevelZeroTables(2).
		WithNumLevelZeroTablesStall(stallTables).
		WithNumCompactors(compactors).
		WithNumGoroutines(2).
		WithBlockCacheSize(4 << 20).
		WithIndexCacheSize(4 << 20).
		WithCompression(options.Snappy).
		WithBlockSize(badgerBlock).
		WithChecksumVerificationMode(options.OnTableAndBlockRead).
		WithVerifyValueChecksum(true).
		WithValueLogFileSize(16 << 20).
		WithNumVersionsToKeep(1).
		WithEncryptionKey(key).
		WithMetricsEnabled(false).
		WithDetectConflicts(false) // one writer
}

// openBadger opens the database in dir, making it if it is not there. A power cut can leave files that make the first
// attempt fail, and the attempt itself then clears them away: it gets a second one. What is still refused is damage.
func openBadger(dir string, key []byte, log *slog.Logger) (*badger.DB, error) {
	db, err := vettedBadger(dir, key, log)
	if err == nil || errors.Is(err, ErrDamaged) || !isDamage(err) {
		return db, err
	}
	log.Warn("replica did not open; trying once more", slog.Any("error", err))
	if db, err = vettedBadger(dir, key, log); err != nil && isDamage(err) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return db, err
}

func vettedBadger(dir string, key []byte, log *slog.Logger) (*badger.DB, error) {
	if err := removeEmptyFiles(dir); err != nil {
		return nil, err
	}
	if err := vet(badgerOptions(dir, key, log)); err != nil {
		return nil, err
	}
	return tryBadger(dir, key, log)
}

func tryBadger(dir string, key []byte, log *slog.Logger) (db *badger.DB, err error) {
	err = guarded("open replica", func() error {
		db, err = badger.Open(badgerOptions(dir, key, log))
		return err
	})
	return db, err
}

// isDamage tells files that Badger cannot make sense of from a machine that does not give it what it needs, and from a
// second process. Setting a sound replica aside would cost the cluster a copy. Badger passes on the words of an error alone.
func isDamage(err error) bool {
	return !slices.ContainsFunc([]error{
		unix.EWOULDBLOCK, unix.ENOSPC, unix.EDQUOT, unix.EROFS, unix.EACCES, unix.EPERM, unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.EIO,
	}, func(machine error) bool { return strings.Contains(err.Error(), machine.Error()) })
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

// guarded runs f and turns its panic into an error: Badger panics on some damage to its tables. So does a mapped page that
// the device cannot read.
func guarded(doing string, f func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it panicked: %v", ErrDamaged, p)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", doing, err)
		}
	}()
	return f()
}
