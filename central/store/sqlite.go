package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDialect is SQLite in WAL mode: one file, one writer.
var sqliteDialect = &dialect{
	engine: "sqlite",
	goose:  goose.DialectSQLite3,
	types: strings.NewReplacer(
		"{{id}}", "INTEGER PRIMARY KEY",
		"{{bytes}}", "BLOB",
		"{{clustered}}", "WITHOUT ROWID",
		"{{array}}", "json_array",
		"{{elements t.weeks}}", "json_each(t.weeks) AS m",
		"{{elements t.modules}}", "json_each(t.modules) AS m",
		"{{elements w.marks}}", "json_each(w.marks) AS m",
		"{{hex tap_stream}}", "lower(hex(tap_stream))",
		"{{unhex m.value->>6}}", "unhex(nullif(m.value->>6, ''))",
	),
	keys:       `SELECT value AS id FROM json_each($1)`,
	alone:      func(ctx context.Context, _ *Store, change func(context.Context) error) error { return change(ctx) }, // each takes the file's lock
	reserve:    func(ctx context.Context, tx *transaction) error { return refuseMoved(ctx, tx) },                     // the turn itself came with BEGIN IMMEDIATE
	each:       eachPrepared,
	watched:    context.WithoutCancel, // the driver would start a goroutine for each statement, and the file answers at once
	thoroughly: overwriting,
	conflict:   isSQLiteBusy,
	busy:       isSQLiteBusy,
	taken:      isSQLiteUnique,
}

// turnWithin is how long a transaction waits for its turn to write before it is undone and begun again.
const turnWithin = 2500 * time.Millisecond

// openSQLite opens or creates the file.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, err
	}
	write, err := sql.Open("sqlite", sqliteName(path, "immediate"))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1) // SQLite has one writer, and waiting here is fairer than SQLITE_BUSY
	read, err := sql.Open("sqlite", sqliteName(path, "deferred")+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(4)
	s := newStore(sqliteDialect, write, read)
	if err := refuseMoved(ctx, s.read); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// private makes the file before SQLite does, which would let everybody on the machine read it. The log beside it gets the
// mode of the file.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func sqliteName(path, lock string) string {
	v := url.Values{"_txlock": {lock}, "_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-65536)",
		"busy_timeout(" + strconv.FormatInt(turnWithin.Milliseconds(), 10) + ")",
	}}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode()
}

// eachPrepared runs row by row: there is no round trip that would make another way faster.
func eachPrepared(ctx context.Context, tx *transaction, statement string, rows iter.Seq[[]any]) error {
	prepared, err := tx.preparing(ctx, statement)
	if err != nil {
		return err
	}
	defer prepared.Close()
	unwatched := tx.dialect.watched(ctx)
	n := 0
	for row := range rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := prepared.ExecContext(unwatched, row...); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		n++
	}
	return nil
}

// overwriting lets SQLite put zeros where something was deleted, and then takes its log, which has the pages as they were, off
// the disk. A reader beside may keep the log for a moment: then it is overwritten by and by.
func overwriting(ctx context.Context, s *Store, change func(context.Context) error) error {
	if _, err := s.write.ExecContext(ctx, `PRAGMA secure_delete = ON`); err != nil {
		return fmt.Errorf("overwrite what is deleted: %w", err)
	}
	err := change(ctx)
	_, off := s.write.ExecContext(ctx, `PRAGMA secure_delete = OFF`)
	if err = errors.Join(err, off); err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	return nil
}

// isSQLiteBusy means that another process kept the write lock longer than turnWithin.
func isSQLiteBusy(err error) bool { return sqliteCode(err)&0xff == sqlite3.SQLITE_BUSY }

func isSQLiteUnique(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

// sqliteCode is the extended result code, 0 if err does not come from SQLite.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}
