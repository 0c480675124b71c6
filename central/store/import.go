package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/rollcall-edge/rollcall/central/sheet"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// Plan implements timetable.ImportStore.
func (s *Store) Plan(ctx context.Context, f func(timetable.State) error) error {
	return s.view(ctx, func(tx *transaction) error { return f(campusView{tx}) })
}

// Import implements timetable.ImportStore.
func (s *Store) Import(ctx context.Context, f func(timetable.State) (*timetable.Change, error)) error {
	return s.transact(ctx, func(tx *transaction) error {
		change, err := f(campusView{tx})
		if err != nil || change == nil {
			return err
		}
		return apply(ctx, tx, change)
	})
}

// campusView implements timetable.State.
type campusView struct{ q querier }

// apply carries out a change in the order of references: what is referred to comes first.
func apply(ctx context.Context, tx *transaction, c *timetable.Change) error {
	for _, part := range []func(context.Context, *transaction, *timetable.Change) error{
		putTerms, putHolidays, putBuildings, putRooms, putPoints, putStudents, putCards, putSessions, addAbsences, dirtyByImport, keepCampusReceipt,
	} {
		if err := part(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// putEach runs one statement for each thing.
func putEach[V any](ctx context.Context, tx *transaction, what, statement string, things []V, args func(V) []any) error {
	if len(things) == 0 {
		return nil
	}
	if err := tx.dialect.each(ctx, tx, statement, rowsOf(things, args)); err != nil {
		return fmt.Errorf("store %s: %w", what, err)
	}
	return nil
}

// rowsOf makes the arguments of a statement for each thing when they are wanted.
func rowsOf[V any](things []V, args func(V) []any) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, v := range things {
			if !yield(storable(args(v))) {
				return
			}
		}
	}
}

func dirtyByImport(ctx context.Context, tx *transaction, c *timetable.Change) error {
	if c.AllDirty {
		return markDirtyWhere(ctx, tx, c.Receipt.AppliedAt, `SELECT id AS student_id FROM student`)
	}
	return markDirty(ctx, tx, c.Receipt.AppliedAt, c.Dirty)
}

func keepCampusReceipt(ctx context.Context, tx *transaction, c *timetable.Change) error {
	r := c.Receipt
	return keepReceipt(ctx, tx, receipt{string(r.Kind), r.Digest, r.Actor, r.AppliedAt, r.Diff})
}

// receipt is what is kept of an import of any kind.
type receipt struct {
	kind      string
	digest    [32]byte
	actor     string
	appliedAt time.Time
	diff      sheet.Diff
}

func keepReceipt(ctx context.Context, tx *transaction, r receipt) error {
	summary, err := json.Marshal(r.diff)
	if err != nil {
		return fmt.Errorf("keep receipt of import: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO import (kind, digest, actor, applied_at, summary) VALUES ($1, $2, $3, $4, $5)`,
		r.kind, r.digest[:], r.actor, milliseconds(r.appliedAt), string(summary))
	if err != nil {
		return fmt.Errorf("keep receipt of import: %w", err)
	}
	return nil
}

// ImportRevision implements timetable.PublishStore.
func (s *Store) ImportRevision(ctx context.Context) (int64, error) {
	var revision int64
	if err := s.read.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM import`).Scan(&revision); err != nil {
		return 0, fmt.Errorf("read import revision: %w", err)
	}
	return revision, nil
}

// Campus implements timetable.PublishStore.
func (s *Store) Campus(ctx context.Context, from, to time.Time) (timetable.Campus, error) {
	var c timetable.Campus
	err := s.view(ctx, func(tx *transaction) error {
		v := campusView{tx}
		var errs [3]error
		c.Places, errs[0] = v.Places(ctx)
		c.Cards, errs[1] = v.Cards(ctx)
		c.Sessions, errs[2] = v.sessions(ctx, `opens_at < $1 AND closes_at >= $2`, milliseconds(to), milliseconds(from))
		return errors.Join(errs[:]...)
	})
	return c, err
}
