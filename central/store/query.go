package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"
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
	conn    *sql.Conn // that Tx is on, for what database/sql has no word for
	dialect *dialect
	// prepared is where queries that are run again and again are kept; nil for a write transaction, which holds the only
	// connection on which they could be.
	prepared *pool
}

// querying runs a query that is run again and again: reading its text, and planning it, is done once for each connection.
func (t *transaction) querying(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if t.prepared == nil {
		return t.QueryContext(ctx, query, args...)
	}
	prepared, err := t.prepared.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return t.StmtContext(ctx, prepared).QueryContext(ctx, storable(args)...)
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
	statements sync.Map // *sql.Stmt by the text of its query; they end with the pool
}

func (p *pool) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if known, ok := p.statements.Load(query); ok {
		return known.(*sql.Stmt), nil
	}
	made, err := p.PrepareContext(ctx, p.dialect.render(query))
	if err != nil {
		return nil, err
	}
	first, known := p.statements.LoadOrStore(query, made)
	if known {
		made.Close()
	}
	return first.(*sql.Stmt), nil
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
