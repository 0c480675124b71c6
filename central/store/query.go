package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// storable replaces, in text, what PostgreSQL does not take and SQLite would keep: NUL and what is not UTF-8. Whoever asks for
// such a name finds nothing, on both, and whoever writes it has written U+FFFD.
func storable(args []any) []any {
	for i, arg := range args {
		text, ok := arg.(string)
		if !ok || !strings.Contains(text, "\x00") && utf8.ValidString(text) {
			continue
		}
		out := slices.Clone(args)
		out[i] = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
		return storable(out)
	}
	return args
}

// transaction is a write transaction or a snapshot. Its queries are rendered for the engine.
type transaction struct {
	*sql.Tx
	conn     *sql.Conn // that Tx is on, for what database/sql has no word for
	dialect  *dialect
	repeated *pool // where statements that are run again and again are kept prepared
}

// querying runs a query that is run again and again: reading its text, and planning it, is done once for each connection.
func (t *transaction) querying(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	prepared := t.repeated.prepared(query)
	if prepared == nil {
		return t.QueryContext(ctx, query, args...)
	}
	return t.StmtContext(ctx, prepared).QueryContext(t.dialect.watched(ctx), storable(args)...)
}

// preparing is a statement of this transaction that is run again and again; whoever has it closes it.
func (t *transaction) preparing(ctx context.Context, statement string) (*sql.Stmt, error) {
	if prepared := t.repeated.prepared(statement); prepared != nil {
		return t.StmtContext(ctx, prepared), nil
	}
	return t.PrepareContext(ctx, t.dialect.render(statement))
}

// ExecContext runs a statement.
func (t *transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return t.Tx.ExecContext(ctx, t.dialect.render(query), storable(args)...)
}

// QueryContext runs a query.
func (t *transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(ctx, t.dialect.render(query), storable(args)...)
}

// QueryRowContext runs a query for at most one row.
func (t *transaction) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.Tx.QueryRowContext(ctx, t.dialect.render(query), storable(args)...)
}

// pool is the writer's connection or the readers'. Its queries are rendered for the engine.
type pool struct {
	*sql.DB
	dialect    *dialect
	statements sync.Map // *sql.Stmt by the text of its query, nil until it is prepared; they end with the pool
	wanted     atomic.Bool
}

// prepared is the statement of a query, nil at first: the next transaction has it prepared before it begins. Preparing needs a
// connection, and transactions that hold all of them would wait for one another for ever.
func (p *pool) prepared(query string) *sql.Stmt {
	statement, known := p.statements.LoadOrStore(query, (*sql.Stmt)(nil))
	if !known {
		p.wanted.Store(true)
	}
	return statement.(*sql.Stmt)
}

// prepare prepares what was asked for meanwhile. Whoever calls it holds no connection.
func (p *pool) prepare(ctx context.Context) error {
	if !p.wanted.Swap(false) {
		return nil
	}
	for query, statement := range p.statements.Range {
		if statement.(*sql.Stmt) != nil {
			continue
		}
		made, err := p.PrepareContext(ctx, p.dialect.render(query.(string)))
		if err != nil {
			p.wanted.Store(true)
			return fmt.Errorf("prepare queries: %w", err)
		}
		if !p.statements.CompareAndSwap(query, statement, made) {
			made.Close() // another transaction was faster
		}
	}
	return nil
}

// QueryContext runs a query.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.DB.QueryContext(ctx, p.dialect.render(query), storable(args)...)
}

// QueryRowContext runs a query for at most one row.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.DB.QueryRowContext(ctx, p.dialect.render(query), storable(args)...)
}

// querier is what the writer's transaction, a snapshot and the reader pool have in common.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// list runs a query and collects what scan makes of each row.
func list[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, scan)
}

func collect[T any](rows *sql.Rows, scan func(*sql.Rows) (T, error)) ([]T, error) {
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}
