// Package store keeps central's facts and judgements in its database, SQLite or PostgreSQL. It is the only package that knows
// SQL, and it decides nothing: each noun has a file here that implements what the noun's own package asks for. DESIGN.md
// says how one text of SQL serves both engines, and what is promised.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// ErrNotFound means no row has the key that was asked for.
var ErrNotFound = errors.New("not found")

// Place is where a database is.
type Place struct {
	Database     string // path of a SQLite file, or the postgres:// URL of a PostgreSQL database
	PasswordFile string // the password for that URL, in a file that only its owner may read; none if empty
}

func (p Place) isPostgres() bool {
	return strings.HasPrefix(p.Database, "postgres://") || strings.HasPrefix(p.Database, "postgresql://")
}

// Store is one database. A commit is on disk when it returns, because gateways are told that it is.
type Store struct {
	dialect *dialect
	write   *pool // one connection: there is one writer at a time
	read    *pool
	turn    chan struct{} // held by the writer; who waits longest is next, where database/sql would give its connection to anybody

	timetable timetableMemory
	heard     coverageMemory
}

func newStore(d *dialect, write, read *sql.DB) *Store {
	return &Store{dialect: d, write: &pool{DB: write, dialect: d}, read: &pool{DB: read, dialect: d}, turn: make(chan struct{}, 1)}
}

// Open opens a database, or creates a file that is not there, and brings its schema up to date.
func Open(ctx context.Context, place Place) (*Store, error) {
	open := func() (*Store, error) { return openSQLite(ctx, place.Database) }
	if place.isPostgres() {
		open = func() (*Store, error) { return openPostgres(ctx, place) }
	}
	s, err := open()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate database: %w", err), s.Close())
	}
	return s, nil
}

// Engine is the database's engine, sqlite or postgres.
func (s *Store) Engine() string { return s.dialect.engine }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	return nil
}

// Close waits for running queries and closes the database.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }
