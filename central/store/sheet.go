package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
)

// AddHeadcount keeps how many people somebody counted in a session. It answers report.ErrNotFound when there is no such session.
func (s *Store) AddHeadcount(ctx context.Context, session string, h report.Headcount) error {
	return s.onRegister(ctx, session, `INSERT INTO headcount (session_id, counter, at, people, made_at) VALUES ($1, $2, $3, $4, $5)`,
		session, h.Counter, milliseconds(h.At), h.People, milliseconds(h.MadeAt))
}

// AddSignature keeps a signature under a register. It answers report.ErrNotFound when there is no such session.
func (s *Store) AddSignature(ctx context.Context, session string, g report.Signature) error {
	return s.onRegister(ctx, session, `INSERT INTO register_signature (session_id, step, actor, made_at) VALUES ($1, $2, $3, $4)`,
		session, g.Step, g.Actor, milliseconds(g.MadeAt))
}

func (s *Store) onRegister(ctx context.Context, session, statement string, args ...any) error {
	return s.transact(ctx, func(tx *transaction) error {
		var known bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM session WHERE id = $1)`, session).Scan(&known); err != nil {
			return fmt.Errorf("find session: %w", err)
		}
		if !known {
			return fmt.Errorf("session %q: %w", session, report.ErrNotFound)
		}
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return fmt.Errorf("write on register: %w", err)
		}
		return nil
	})
}

// HeadcountsOf implements report.Source.
func (s ReportSource) HeadcountsOf(ctx context.Context, session string) ([]report.Headcount, error) {
	return list(ctx, s.read, func(r *sql.Rows) (h report.Headcount, err error) {
		var at, made int64
		err = r.Scan(&h.Counter, &at, &h.People, &made)
		h.At, h.MadeAt = instant(at), instant(made)
		return h, err
	}, `SELECT counter, at, people, made_at FROM headcount WHERE session_id = $1 ORDER BY at, id`, session)
}

// SignaturesOf implements report.Source.
func (s ReportSource) SignaturesOf(ctx context.Context, session string) ([]report.Signature, error) {
	return list(ctx, s.read, func(r *sql.Rows) (g report.Signature, err error) {
		var made int64
		err = r.Scan(&g.Step, &g.Actor, &made)
		g.MadeAt = instant(made)
		return g, err
	}, `SELECT step, actor, made_at FROM register_signature WHERE session_id = $1 ORDER BY id`, session)
}

// ChangesOf implements report.Source. A mark became what it is when its code was first concluded; of one that is gone its past
// judgement tells when it went. An amendment is a change also when it leaves the code.
func (s ReportSource) ChangesOf(ctx context.Context, session string) ([]register.Change, error) {
	return list(ctx, s.read, func(r *sql.Rows) (c register.Change, err error) {
		var student, what string
		var at int64
		err = r.Scan(&student, &what, &at)
		return register.Change{What: student + " " + what, At: instant(at)}, err
	}, `SELECT x.student_id, 'became ' || m.code, m.known_at FROM session e JOIN expected x ON x.session_id = e.id `+markOfExpected+`
			WHERE e.id = $1 AND m.code <> 'U'
		UNION ALL SELECT student_id, 'was set to ' || code || ' by ' || actor, made_at FROM amendment WHERE session_id = $1
		UNION ALL SELECT p.student_id, 'left the list', p.replaced_at FROM mark_past p
			WHERE p.session_id = $1 AND NOT EXISTS (SELECT 1 FROM expected x WHERE x.student_id = p.student_id AND x.session_id = p.session_id)`, session)
}
