package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What Move refuses.
var (
	// ErrMoved means that a SQLite database takes no more writes: what it held is in PostgreSQL now, and gateways must not be
	// told that anything is kept here.
	ErrMoved = errors.New("this database was moved to PostgreSQL; name that one as database in the configuration and start again")
	// ErrNotEmpty means that the target of a move holds something already.
	ErrNotEmpty = errors.New("the target is not empty; drop that database, create it again, and move again")
	// ErrDiffers means that a table arrived otherwise than it left.
	ErrDiffers = errors.New("the copy differs from the original")
)

// Progress is how far a move has come.
type Progress struct {
	Table   string
	Rows    int64 // copied of it so far
	Of      int64
	Checked bool // the whole table, by count and digest
}

// Moved is what a move came to.
type Moved struct {
	Tables int
	Rows   int64
	Took   time.Duration
}

// Move copies all that one database, on SQLite, holds into another, on PostgreSQL and empty, and from then on the first takes
// no more writes. Both turns to write are held for the whole time: what gateways send meanwhile is not receipted, so they
// keep it and send it again, to whichever database is served then.
//
// The copy is one transaction, and is compared with the original before it is committed: count and digest of every table,
// by queries that share nothing with the copying. A move that fails or is interrupted leaves both databases as they were
// and may be run again; only when it is interrupted in the moment between the two commits is the target full and the
// original open, and then ErrNotEmpty says what to do.
func Move(ctx context.Context, from, to *Store, tell func(Progress)) (Moved, error) {
	if from.dialect != sqliteDialect || to.dialect != postgresDialect {
		return Moved{}, fmt.Errorf("move database: from %s to %s, want from sqlite to postgres", from.Engine(), to.Engine())
	}
	began := time.Now()
	var moved Moved
	err := from.transact(ctx, func(source *transaction) error {
		moved = Moved{}
		if err := to.attempt(ctx, func(target *transaction) error {
			return move{source, target, tell}.run(ctx, &moved)
		}); err != nil {
			return err
		}
		return markMoved(ctx, source)
	})
	if err != nil {
		return Moved{}, fmt.Errorf("move database: %w", err)
	}
	moved.Took = time.Since(began)
	return moved, nil
}

// move is a move under way.
type move struct {
	source, target *transaction
	tell           func(Progress)
}

func (m move) run(ctx context.Context, moved *Moved) error {
	// The original is read for minutes between two statements to the target, which would take us for dead.
	if _, err := m.target.ExecContext(ctx, `SET LOCAL idle_in_transaction_session_timeout = 0`); err != nil {
		return err
	}
	tables, err := m.tables(ctx)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := m.refuseFilled(ctx, t); err != nil {
			return err
		}
	}
	for _, t := range tables {
		n, err := m.copy(ctx, t)
		if err != nil {
			return fmt.Errorf("copy table %s: %w", t.name, err)
		}
		moved.Tables, moved.Rows = moved.Tables+1, moved.Rows+n
	}
	for _, t := range tables {
		if err := m.compare(ctx, t); err != nil {
			return fmt.Errorf("compare table %s: %w", t.name, err)
		}
		if err := m.continueNumbers(ctx, t); err != nil {
			return fmt.Errorf("continue the numbers of table %s: %w", t.name, err)
		}
	}
	if _, err := m.target.ExecContext(ctx, `ANALYZE`); err != nil { // or the first questions would be planned for empty tables
		return fmt.Errorf("gather statistics: %w", err)
	}
	return nil
}

func (m move) refuseFilled(ctx context.Context, t table) error {
	var filled bool
	if err := m.target.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM `+t.name+`)`).Scan(&filled); err != nil {
		return fmt.Errorf("look into table %s: %w", t.name, err)
	}
	if filled {
		return fmt.Errorf("%w: table %s has rows", ErrNotEmpty, t.name)
	}
	return nil
}

// continueNumbers lets the numbers that the database gives out follow those that were moved.
func (m move) continueNumbers(ctx context.Context, t table) error {
	for _, c := range t.columns {
		if !c.numbered {
			continue
		}
		_, err := m.target.ExecContext(ctx, fmt.Sprintf(
			`SELECT setval(pg_get_serial_sequence('%[1]s', '%[2]s'), coalesce(max(%[2]s), 1), max(%[2]s) IS NOT NULL) FROM %[1]s`, t.name, c.name))
		if err != nil {
			return err
		}
	}
	return nil
}

// SQLite keeps user_version for whoever uses it; ours is 0 until the database has been moved.
func markMoved(ctx context.Context, source *transaction) error {
	_, err := source.ExecContext(ctx, `PRAGMA user_version = 1`)
	return err
}

// refuseMoved is the first thing in every write transaction on SQLite.
func refuseMoved(ctx context.Context, q querier) error {
	var moved bool
	if err := q.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&moved); err != nil {
		return err
	}
	if moved {
		return ErrMoved
	}
	return nil
}
