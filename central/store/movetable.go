package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// table is a table to be moved, as PostgreSQL's catalogue has it.
type table struct {
	name    string
	columns []column
	refers  []string // tables that must be there first
}

type column struct {
	name     string
	kind     string // bigint, integer, text, bytea or boolean
	key      int    // place in the primary key from 1; 0 if it is not in it
	numbered bool   // by the database
}

// tables lists what both databases have, each after those it refers to. A table or column that one of them lacks is an
// error: somebody has added it by hand, and it would be lost or empty.
func (m move) tables(ctx context.Context) ([]table, error) {
	tables, err := list(ctx, m.target, func(r *sql.Rows) (t table, err error) { return t, r.Scan(&t.name) },
		`SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename NOT IN ('goose_db_version', 'writer') ORDER BY tablename`)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	for i := range tables {
		if err := m.describe(ctx, &tables[i]); err != nil {
			return nil, fmt.Errorf("describe table %s: %w", tables[i].name, err)
		}
	}
	if err := m.sameAtSource(ctx, tables); err != nil {
		return nil, err
	}
	return inOrder(tables), nil
}

func (m move) describe(ctx context.Context, t *table) (err error) {
	t.columns, err = list(ctx, m.target, func(r *sql.Rows) (c column, err error) {
		return c, r.Scan(&c.name, &c.kind, &c.key, &c.numbered)
	}, `SELECT a.attname, format_type(a.atttypid, NULL), coalesce(array_position(i.indkey::int[], a.attnum::int) - array_lower(i.indkey::int[], 1) + 1, 0),
			a.attidentity <> ''
		FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
		WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, t.name)
	if err != nil {
		return err
	}
	t.refers, err = list(ctx, m.target, func(r *sql.Rows) (name string, err error) { return name, r.Scan(&name) },
		`SELECT DISTINCT o.relname FROM pg_constraint k JOIN pg_class o ON o.oid = k.confrelid
		WHERE k.contype = 'f' AND k.conrelid = to_regclass($1) AND k.confrelid <> k.conrelid`, t.name)
	return err
}

func (m move) sameAtSource(ctx context.Context, tables []table) error {
	there, err := list(ctx, m.source, func(r *sql.Rows) (name string, err error) { return name, r.Scan(&name) },
		`SELECT t.name || '.' || c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND t.name <> 'goose_db_version'`)
	if err != nil {
		return fmt.Errorf("list columns of the original: %w", err)
	}
	var here []string
	for _, t := range tables {
		for _, c := range t.columns {
			here = append(here, t.name+"."+c.name)
		}
	}
	slices.Sort(here)
	slices.Sort(there)
	if !slices.Equal(here, there) {
		return fmt.Errorf("one of the databases has columns that the other lacks: %s", strings.Join(difference(here, there), ", "))
	}
	return nil
}

// difference is what only one of them has.
func difference(a, b []string) (out []string) {
	for _, name := range append(slices.Clone(a), b...) {
		if !slices.Contains(a, name) || !slices.Contains(b, name) {
			out = append(out, name)
		}
	}
	return out
}

// inOrder puts each table after those it refers to. Tables do not refer to each other in a ring.
func inOrder(tables []table) []table {
	var out []table
	placed := map[string]bool{}
	for len(out) < len(tables) {
		before := len(out)
		for _, t := range tables {
			waits := slices.ContainsFunc(t.refers, func(name string) bool { return !placed[name] })
			if !placed[t.name] && !waits {
				out, placed[t.name] = append(out, t), true
			}
		}
		if len(out) == before {
			panic("store: tables refer to each other in a ring")
		}
	}
	return out
}

func (t table) names() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// key is the columns of the primary key, in its order. Both engines sort by it alike: numbers, octets, and text by octets.
// The name of the table stands before each, or PostgreSQL would sort by a result of the same name, which may be text.
func (t table) key() string {
	var key []column
	for _, c := range t.columns {
		if c.key > 0 {
			key = append(key, c)
		}
	}
	slices.SortFunc(key, func(a, b column) int { return a.key - b.key })
	return t.name + "." + strings.Join(table{columns: key}.names(), ", "+t.name+".")
}

// tellEvery is how many rows pass between two words on progress.
const tellEvery = 50_000

// copy streams the rows of a table from one database to the other.
func (m move) copy(ctx context.Context, t table) (int64, error) {
	progress := Progress{Table: t.name}
	if err := m.source.QueryRowContext(ctx, `SELECT count(*) FROM `+t.name).Scan(&progress.Of); err != nil {
		return 0, err
	}
	rows, err := m.source.QueryContext(ctx, `SELECT `+strings.Join(t.names(), ", ")+` FROM `+t.name+` ORDER BY `+t.key())
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var copied int64
	err = m.target.conn.Raw(func(driver any) (err error) {
		copied, err = driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.name}, t.names(), pgx.CopyFromFunc(func() ([]any, error) {
			if !rows.Next() {
				return nil, rows.Err()
			}
			if progress.Rows++; progress.Rows%tellEvery == 0 {
				m.tell(progress)
			}
			return t.scan(rows)
		}))
		return err
	})
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return 0, fmt.Errorf("%w (%s)", err, e.Where)
	}
	if err != nil {
		return 0, err
	}
	m.tell(progress)
	return copied, nil
}

// scan reads a row in the types of PostgreSQL's columns.
func (t table) scan(rows *sql.Rows) ([]any, error) {
	values, targets := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i, c := range t.columns {
		switch c.kind {
		case "bigint", "integer":
			targets[i] = new(sql.NullInt64)
		case "text":
			targets[i] = new(sql.NullString)
		case "bytea":
			targets[i] = new([]byte)
		case "boolean":
			targets[i] = new(sql.NullBool)
		default:
			return nil, fmt.Errorf("column %s has type %s, which a move does not know", c.name, c.kind)
		}
	}
	if err := rows.Scan(targets...); err != nil {
		return nil, err
	}
	for i, target := range targets {
		if b, ok := target.(*[]byte); ok {
			values[i] = *b
		} else {
			values[i] = target
		}
	}
	return values, nil
}

// compare asks both databases for a table once more, as text that they make themselves, and compares count and digest.
func (m move) compare(ctx context.Context, t table) error {
	original, n, err := digest(ctx, m.source, t, func(c string) string { return `lower(hex(` + c + `))` })
	if err != nil {
		return err
	}
	copied, k, err := digest(ctx, m.target, t, func(c string) string { return `encode(` + c + `, 'hex')` })
	if err != nil {
		return err
	}
	if n != k || original != copied {
		return fmt.Errorf("%w: %d rows with digest %.4x, want %d with %.4x", ErrDiffers, k, copied, n, original)
	}
	m.tell(Progress{Table: t.name, Rows: n, Of: n, Checked: true})
	return nil
}

// digest is the SHA-256 of a table's values, in the order of its key, each with its length before it.
func digest(ctx context.Context, q querier, t table, hex func(column string) string) (sum [sha256.Size]byte, n int64, err error) {
	texts, values, targets := make([]string, len(t.columns)), make([]sql.RawBytes, len(t.columns)), make([]any, len(t.columns))
	for i, c := range t.columns {
		targets[i] = &values[i]
		switch c.kind {
		case "bytea":
			texts[i] = `CASE WHEN ` + c.name + ` IS NOT NULL THEN ` + hex(c.name) + ` END` // SQLite's hex makes '' of NULL
		case "boolean":
			texts[i] = `CASE WHEN ` + c.name + ` THEN 't' WHEN NOT ` + c.name + ` THEN 'f' END`
		default:
			texts[i] = `CAST(` + c.name + ` AS TEXT)`
		}
	}
	rows, err := q.QueryContext(ctx, `SELECT `+strings.Join(texts, ", ")+` FROM `+t.name+` ORDER BY `+t.key())
	if err != nil {
		return sum, 0, err
	}
	defer rows.Close()
	hash := sha256.New()
	var length [8]byte
	for ; rows.Next(); n++ {
		if err := rows.Scan(targets...); err != nil {
			return sum, 0, err
		}
		for _, v := range values {
			binary.BigEndian.PutUint64(length[:], uint64(len(v)))
			if v == nil {
				binary.BigEndian.PutUint64(length[:], 1<<63) // NULL is not the empty text
			}
			hash.Write(length[:])
			hash.Write(v)
		}
	}
	return [sha256.Size]byte(hash.Sum(nil)), n, rows.Err()
}
