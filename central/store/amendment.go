package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/report"
)

// AddAmendment stores a change of a mark by staff and asks for the student to be judged again. It answers
// report.ErrNotFound when the student is not expected at the session.
func (s *Store) AddAmendment(ctx context.Context, a report.Amendment) error {
	return s.transact(ctx, func(tx *transaction) error {
		var expected bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM expected WHERE student_id = $1 AND session_id = $2)`,
			a.Student, a.Session).Scan(&expected)
		if err != nil {
			return fmt.Errorf("find student on register: %w", err)
		}
		if !expected {
			return fmt.Errorf("student %q at session %q: %w", a.Student, a.Session, report.ErrNotFound)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO amendment (student_id, session_id, code, reason, actor, made_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			a.Student, a.Session, string(a.Code), a.Reason, a.Actor, milliseconds(a.MadeAt))
		if err != nil {
			return fmt.Errorf("add amendment: %w", err)
		}
		return markDirty(ctx, tx, a.MadeAt, []string{a.Student})
	})
}

// CloseRegister notes that a person closed the register of a session (G-3) and asks for its students to be judged again.
// It answers report.ErrNotFound when there is no such session; closing again adds a second reason.
func (s *Store) CloseRegister(ctx context.Context, session string, c report.Closure) error {
	return s.transact(ctx, func(tx *transaction) error {
		result, err := tx.ExecContext(ctx, `UPDATE session SET closed_by = $2 WHERE id = $1`, session, c.Actor)
		if err != nil {
			return fmt.Errorf("close register: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("session %q: %w", session, report.ErrNotFound)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO register_closure (session_id, actor, reason, made_at) VALUES ($1, $2, $3, $4)`,
			session, c.Actor, c.Reason, milliseconds(c.MadeAt))
		if err != nil {
			return fmt.Errorf("close register: %w", err)
		}
		return markDirtyWhere(ctx, tx, c.MadeAt, `SELECT student_id FROM expected WHERE session_id = $2`, session)
	})
}

// pointer turns NULL into nil.
func pointer(v sql.NullInt64) *time.Time {
	if !v.Valid {
		return nil
	}
	t := instant(v.Int64)
	return &t
}
