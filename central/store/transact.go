package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"
)

// transact runs f in one write transaction: all of it is on disk when transact returns nil, and none of it otherwise. It is
// this process's and every other's only writer while f runs. When the engine gives the transaction up for another one's
// sake, f runs again from the start, so f must set what it returns anew each time.
func (s *Store) transact(ctx context.Context, f func(*transaction) error) error {
	for attempt := 1; ; attempt++ {
		err := s.attempt(ctx, f)
		if err == nil || attempt == attempts || !s.dialect.conflict(err) {
			return err
		}
		if !pause(ctx, attempt) {
			return err
		}
	}
}

// attempts is how often a transaction is tried: with turnWithin, ten seconds of waiting for another process.
const attempts = 4

// pause waits longer after each attempt, and by chance, so that two do not meet again. It reports false when ctx ends.
func pause(ctx context.Context, attempt int) bool {
	wait := time.NewTimer(rand.N(10 * time.Millisecond << attempt))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wait.C:
		return true
	}
}

func (s *Store) attempt(ctx context.Context, f func(*transaction) error) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return fmt.Errorf("wait for the turn to write: %w", ctx.Err())
	}
	if err := s.write.prepare(ctx); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer conn.Close()
	begun, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer begun.Rollback() // after Commit this does nothing
	tx := &transaction{Tx: begun, conn: conn, dialect: s.dialect, repeated: s.write}
	if err := s.dialect.reserve(ctx, tx); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// view runs f on one consistent snapshot, without holding up the writer.
func (s *Store) view(ctx context.Context, f func(*transaction) error) error {
	if err := s.read.prepare(ctx); err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	conn, err := s.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer conn.Close()
	begun, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin snapshot: %w", err)
	}
	defer begun.Rollback() // there is nothing to keep
	return f(&transaction{Tx: begun, conn: conn, dialect: s.dialect, repeated: s.read})
}
