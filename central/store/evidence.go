package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/evidence"
)

// Evidence implements evidence.Store.
type Evidence struct{ s *Store }

// Evidence is the facts' side of the store.
func (s *Store) Evidence() Evidence { return Evidence{s} }

// Plan implements evidence.Store.
func (e Evidence) Plan(ctx context.Context, f func(evidence.State) error) error {
	return e.s.view(ctx, func(tx *transaction) error { return f(evidenceView{tx}) })
}

// Import implements evidence.Store.
func (e Evidence) Import(ctx context.Context, f func(evidence.State) (*evidence.Change, error)) error {
	return e.s.transact(ctx, func(tx *transaction) error {
		change, err := f(evidenceView{tx})
		if err != nil || change == nil {
			return err
		}
		return applyEvidence(ctx, tx, change)
	})
}

func applyEvidence(ctx context.Context, tx *transaction, c *evidence.Change) error {
	now := c.Receipt.AppliedAt
	if err := putUsers(ctx, tx, c.Users, now); err != nil {
		return err
	}
	if err := withdrawFacts(ctx, tx, c.Withdrawn, now); err != nil {
		return err
	}
	if err := putFacts(ctx, tx, c.Facts, now); err != nil {
		return err
	}
	if err := advanceFeeds(ctx, tx, c.Feeds, now); err != nil {
		return err
	}
	return keepReceipt(ctx, tx, receipt{string(c.Receipt.Kind), c.Receipt.Digest, c.Receipt.Actor, now, c.Receipt.Diff})
}

// Withdraw implements evidence.Store.
func (e Evidence) Withdraw(ctx context.Context, id int64, by string, now time.Time) error {
	return e.s.transact(ctx, func(tx *transaction) error {
		var student string
		err := tx.QueryRowContext(ctx, `SELECT student_id FROM fact WHERE id = $1 AND withdrawn_at IS NULL`, id).Scan(&student)
		if errors.Is(err, sql.ErrNoRows) {
			return evidence.ErrUnknown
		}
		if err != nil {
			return fmt.Errorf("find fact: %w", err)
		}
		return withdrawFacts(ctx, tx, []evidence.Withdrawal{{ID: id, Student: student, By: by}}, now)
	})
}

// withdrawFacts keeps what no longer holds as such and has its students judged again, and everybody at whose class it was.
func withdrawFacts(ctx context.Context, tx *transaction, facts []evidence.Withdrawal, now time.Time) error {
	err := putEach(ctx, tx, "withdrawals", `UPDATE fact SET withdrawn_at = $2, withdrawn_by = $3, replaced = $4 WHERE id = $1 AND withdrawn_at IS NULL`,
		facts, func(w evidence.Withdrawal) []any { return []any{w.ID, milliseconds(now), w.By, w.Replaced} })
	if err != nil {
		return err
	}
	ids, err := keysOf(facts, func(w evidence.Withdrawal) string { return strconv.FormatInt(w.ID, 10) })
	if err != nil || len(facts) == 0 {
		return err
	}
	err = markDirtyWhere(ctx, tx, now, `SELECT e.student_id FROM fact f JOIN expected e ON e.session_id = f.of
		WHERE f.student_id = '' AND f.kind = 'ended' AND CAST(f.id AS TEXT) IN ({{keys $2}})`, ids)
	if err != nil {
		return err
	}
	return markDirty(ctx, tx, now, aboutStudents(facts, func(w evidence.Withdrawal) string { return w.Student }))
}

// aboutStudents are the students whom things are about, without the university.
func aboutStudents[V any](things []V, student func(V) string) []string {
	var ids []string
	for _, v := range things {
		if id := student(v); id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// putUsers keeps whose the accounts are; what a log is silent of now says something else of their students.
func putUsers(ctx context.Context, tx *transaction, users []evidence.User, now time.Time) error {
	if len(users) == 0 {
		return nil
	}
	ids, err := keysOf(users, func(u evidence.User) string { return u.ID })
	if err != nil {
		return err
	}
	before := `SELECT student_id FROM vle_user WHERE student_id <> '' AND id IN ({{keys $2}})`
	if err := markDirtyWhere(ctx, tx, now, before, ids); err != nil {
		return err
	}
	err = putEach(ctx, tx, "accounts", `INSERT INTO vle_user (id, student_id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET student_id = excluded.student_id`,
		users, func(u evidence.User) []any { return []any{u.ID, u.Student} })
	if err != nil {
		return err
	}
	return markDirty(ctx, tx, now, aboutStudents(users, func(u evidence.User) string { return u.Student }))
}

func keysOf[V any](things []V, key func(V) string) (string, error) {
	ids := make([]string, len(things))
	for i, v := range things {
		ids[i] = key(v)
	}
	return keys(ids)
}

// FactsOf implements evidence.Store.
func (e Evidence) FactsOf(ctx context.Context, student string) ([]evidence.Kept, error) {
	var kept []evidence.Kept
	err := e.s.view(ctx, func(tx *transaction) (err error) {
		kept, err = list(ctx, tx, scanKept, `SELECT student_id, `+factColumns+`, withdrawn_at, withdrawn_by, replaced FROM fact WHERE student_id = $1 ORDER BY at, id`, student)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	return kept, nil
}

func scanKept(r *sql.Rows) (k evidence.Kept, err error) {
	var withdrawn sql.NullInt64
	k.Student, k.Fact, err = scanFact(r, &withdrawn, &k.WithdrawnBy, &k.Replaced)
	k.WithdrawnAt = optionalInstant(withdrawn)
	return k, err
}

// evidenceView implements evidence.State.
type evidenceView struct{ tx *transaction }

// StudentIDs implements evidence.State.
func (v evidenceView) StudentIDs(ctx context.Context) ([]string, error) {
	ids, err := list(ctx, v.tx, scanText, `SELECT id FROM student ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read student numbers: %w", err)
	}
	return ids, nil
}

func scanText(r *sql.Rows) (text string, err error) { return text, r.Scan(&text) }

// Users implements evidence.State.
func (v evidenceView) Users(ctx context.Context) ([]evidence.User, error) {
	users, err := list(ctx, v.tx, func(r *sql.Rows) (u evidence.User, err error) { return u, r.Scan(&u.ID, &u.Student) },
		`SELECT id, student_id FROM vle_user ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return users, nil
}

// Facts implements evidence.State.
func (v evidenceView) Facts(ctx context.Context, s evidence.Scope, take func(evidence.Kept)) error {
	kinds, err := keysOf(s.Kinds, func(k engagement.Kind) string { return string(k) })
	if err != nil {
		return err
	}
	students, err := keys(s.Students)
	if err != nil {
		return err
	}
	err = each(ctx, v.tx, func(r *sql.Rows) error {
		k, err := scanKept(r)
		if err == nil {
			take(k)
		}
		return err
	}, `SELECT student_id, `+factColumns+`, withdrawn_at, withdrawn_by, replaced FROM fact
		WHERE student_id IN ({{keys $1}}) AND kind IN ({{keys $2}}) AND at >= $3 AND at <= $4 ORDER BY id`,
		students, kinds, milliseconds(s.From), milliseconds(s.To))
	if err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	return nil
}

// Feeds implements evidence.State.
func (v evidenceView) Feeds(ctx context.Context) (map[engagement.Kind]time.Time, error) {
	known := map[engagement.Kind]time.Time{}
	feeds, err := readFeeds(ctx, v.tx)
	for _, f := range feeds {
		known[f.Kind] = f.Through
	}
	return known, err
}

// UnknownSessions implements evidence.State.
func (v evidenceView) UnknownSessions(ctx context.Context, ids []string) ([]string, error) {
	wanted, err := keys(ids)
	if err != nil {
		return nil, err
	}
	known, err := list(ctx, v.tx, scanText, `SELECT id FROM session WHERE id IN ({{keys $1}}) ORDER BY id`, wanted)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		_, found := slices.BinarySearch(known, id)
		return found
	}), nil
}
