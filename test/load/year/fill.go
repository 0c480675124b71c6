package year

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver sqlite
)

// FillSQLite fills a file that has the schema and nothing in it. Nothing else may have it open: it is written without any
// care for a crash, and secondary indexes are made at the end.
func (y *Year) FillSQLite(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)&_pragma=cache_size(-262144)&_pragma=temp_store(MEMORY)")
	if err != nil {
		return fmt.Errorf("fill %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	indexes, err := indexesOf(ctx, db)
	if err != nil {
		return err
	}
	for _, i := range indexes {
		if _, err := db.ExecContext(ctx, "DROP INDEX "+i.name); err != nil {
			return fmt.Errorf("drop index %s: %w", i.name, err)
		}
	}
	for _, t := range y.Tables() {
		if err := insert(ctx, db, t); err != nil {
			return fmt.Errorf("fill table %s: %w", t.Name, err)
		}
	}
	for _, i := range indexes {
		if _, err := db.ExecContext(ctx, i.text); err != nil {
			return fmt.Errorf("make index %s: %w", i.name, err)
		}
	}
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode(WAL)")
	return err
}

type index struct{ name, text string }

func indexesOf(ctx context.Context, db *sql.DB) (indexes []index, err error) {
	rows, err := db.QueryContext(ctx, `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("list indexes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var i index
		if err := rows.Scan(&i.name, &i.text); err != nil {
			return nil, err
		}
		indexes = append(indexes, i)
	}
	return indexes, rows.Err()
}

func insert(ctx context.Context, db *sql.DB, t Table) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit this does nothing
	statement, err := tx.PrepareContext(ctx, "INSERT INTO "+t.Name+" ("+strings.Join(t.Columns, ", ")+") VALUES (?"+strings.Repeat(", ?", len(t.Columns)-1)+")")
	if err != nil {
		return err
	}
	defer statement.Close()
	for row := range t.Rows {
		if _, err := statement.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// FillPostgres does the same for a PostgreSQL database, as a superuser.
func (y *Year) FillPostgres(ctx context.Context, url string) (err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("fill %s: %w", url, err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	for _, text := range []string{"SET synchronous_commit = off", "SET session_replication_role = replica", "SET maintenance_work_mem = '512MB'"} {
		if _, err := conn.Exec(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	rows, err := conn.Query(ctx, `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
		AND indexname NOT IN (SELECT conname FROM pg_constraint)`)
	if err != nil {
		return fmt.Errorf("list indexes: %w", err)
	}
	indexes, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (i index, err error) { return i, r.Scan(&i.name, &i.text) })
	if err != nil {
		return fmt.Errorf("list indexes: %w", err)
	}
	for _, i := range indexes {
		if _, err := conn.Exec(ctx, "DROP INDEX "+i.name); err != nil {
			return fmt.Errorf("drop index %s: %w", i.name, err)
		}
	}
	for _, t := range y.Tables() {
		next, stop := iter.Pull(t.Rows)
		_, err := conn.CopyFrom(ctx, pgx.Identifier{t.Name}, t.Columns, &source{next: next})
		stop()
		if err != nil {
			return fmt.Errorf("fill table %s: %w", t.Name, err)
		}
	}
	for _, i := range indexes {
		if _, err := conn.Exec(ctx, i.text); err != nil {
			return fmt.Errorf("make index %s: %w", i.name, err)
		}
	}
	_, err = conn.Exec(ctx, "VACUUM (ANALYZE)") // as the server does by itself after a while
	return err
}

// source is rows as pgx asks for them.
type source struct {
	next func() ([]any, bool)
	row  []any
}

// Next implements pgx.CopyFromSource.
func (s *source) Next() (ok bool) { s.row, ok = s.next(); return ok }

// Values implements pgx.CopyFromSource.
func (s *source) Values() ([]any, error) { return s.row, nil }

// Err implements pgx.CopyFromSource.
func (s *source) Err() error { return nil }
