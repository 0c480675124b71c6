package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// Policies implements policy.Store.
func (s *Store) Policies(ctx context.Context) ([]policy.Document, error) {
	return list(ctx, s.read, scanPolicy,
		`SELECT name, version, from_day, document, actor, imported_at FROM policy ORDER BY imported_at, name, version`)
}

func scanPolicy(r *sql.Rows) (d policy.Document, err error) {
	var day, text string
	var imported int64
	if err := r.Scan(&d.Name, &d.Version, &day, &text, &d.Actor, &imported); err != nil {
		return d, err
	}
	d.Text, d.ImportedAt = []byte(text), instant(imported)
	d.From, err = calendar.ParseDay(day)
	return d, err
}

// AddPolicy implements policy.Store.
func (s *Store) AddPolicy(ctx context.Context, d policy.Document, window func(start, end time.Time) (opens, closes time.Time)) error {
	return s.transact(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO policy (name, version, from_day, document, actor, imported_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			d.Name, d.Version, d.From.String(), string(d.Text), d.Actor, milliseconds(d.ImportedAt))
		if s.dialect.taken(err) {
			return policy.ErrTwice
		}
		if err != nil {
			return fmt.Errorf("keep policy: %w", err)
		}
		if err := setWindows(ctx, tx, d.From.Starts(), window); err != nil {
			return fmt.Errorf("set windows by policy: %w", err)
		}
		return markDirtyWhere(ctx, tx, d.ImportedAt, `SELECT e.student_id FROM expected e JOIN session s ON s.id = e.session_id WHERE s.starts_at >= $2`,
			milliseconds(d.From.Starts()))
	})
}

// hours are start and end of a session with its window.
type hours struct {
	id                          string
	starts, ends, opens, closes int64
}

// setWindows gives the sessions from a moment on the windows of the policies in force.
func setWindows(ctx context.Context, tx *transaction, from time.Time, window func(start, end time.Time) (opens, closes time.Time)) error {
	sessions, err := list(ctx, tx, func(r *sql.Rows) (h hours, err error) {
		return h, r.Scan(&h.id, &h.starts, &h.ends, &h.opens, &h.closes)
	}, `SELECT id, starts_at, ends_at, opens_at, closes_at FROM session WHERE starts_at >= $1`, milliseconds(from))
	if err != nil {
		return err
	}
	var changed []hours
	for _, h := range sessions {
		opens, closes := window(instant(h.starts), instant(h.ends))
		if h.opens == milliseconds(opens) && h.closes == milliseconds(closes) {
			continue
		}
		h.opens, h.closes = milliseconds(opens), milliseconds(closes)
		changed = append(changed, h)
	}
	return putEach(ctx, tx, "windows", `UPDATE session SET opens_at = $1, closes_at = $2 WHERE id = $3`, changed,
		func(h hours) []any { return []any{h.opens, h.closes, h.id} })
}
