package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/evidence"
)

// events reads what is known of the students besides taps.
func (l *loader) events(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		student, f, err := scanFact(r)
		if err == nil {
			c := l.cases[student]
			c.Events = append(c.Events, f)
		}
		return err
	}, `SELECT student_id, `+factColumns+` FROM fact WHERE withdrawn_at IS NULL AND student_id IN ({{keys $1}}) ORDER BY at, id`, l.ids)
}

const factColumns = `id, kind, at, until, of, value, amount, note, actor, recorded_at`

// scanFact reads factColumns after the student, and what a query has after them.
func scanFact(r *sql.Rows, more ...any) (student string, f engagement.Fact, err error) {
	var at, recorded int64
	var until sql.NullInt64
	into := []any{&student, &f.ID, &f.Kind, &at, &until, &f.Of, &f.Value, &f.Amount, &f.Note, &f.By, &recorded}
	err = r.Scan(append(into, more...)...)
	f.At, f.Until, f.RecordedAt = instant(at), optionalInstant(until), instant(recorded)
	return student, f, err
}

// feeds reads until when facts that arrive as files are complete. A source that knows accounts says nothing of students
// without one, so nothing is known of them.
func (l *loader) feeds(ctx context.Context, tx *transaction) error {
	feeds, err := readFeeds(ctx, tx)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	if slices.ContainsFunc(feeds, func(f evidence.Feed) bool { return f.ByUser }) {
		err = each(ctx, tx, func(r *sql.Rows) error {
			var student string
			err := r.Scan(&student)
			have[student] = true
			return err
		}, `SELECT student_id FROM vle_user WHERE student_id IN ({{keys $1}})`, l.ids)
		if err != nil {
			return err
		}
	}
	for student, c := range l.cases {
		c.Known = map[engagement.Kind]time.Time{}
		for _, f := range feeds {
			if !f.ByUser || have[student] {
				c.Known[f.Kind] = f.Through
			}
		}
	}
	return nil
}

func readFeeds(ctx context.Context, tx *transaction) (feeds []evidence.Feed, err error) {
	err = each(ctx, tx, func(r *sql.Rows) error {
		var f evidence.Feed
		var through int64
		err := r.Scan(&f.Kind, &through, &f.ByUser)
		f.Through = instant(through)
		feeds = append(feeds, f)
		return err
	}, `SELECT kind, through, by_user FROM feed ORDER BY kind`)
	if err != nil {
		return nil, fmt.Errorf("read feeds: %w", err)
	}
	return feeds, nil
}

// AddFacts keeps facts and has their students judged again; identifiers and moments of recording are given here. Feeds say
// until when the facts of a kind are complete from now on, which concerns everybody; a feed never goes back.
func (s *Store) AddFacts(ctx context.Context, facts []engagement.Noted, feeds map[engagement.Kind]time.Time, now time.Time) error {
	return s.transact(ctx, func(tx *transaction) error {
		if err := putFacts(ctx, tx, facts, now); err != nil {
			return err
		}
		var moved []evidence.Feed
		for _, kind := range slices.Sorted(maps.Keys(feeds)) {
			moved = append(moved, evidence.Feed{Kind: kind, Through: feeds[kind]})
		}
		return advanceFeeds(ctx, tx, moved, now)
	})
}

func putFacts(ctx context.Context, tx *transaction, facts []engagement.Noted, now time.Time) error {
	err := putEach(ctx, tx, "facts", `INSERT INTO fact (student_id, kind, at, until, of, value, amount, note, actor, recorded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, facts, func(f engagement.Noted) []any {
		return []any{f.Student, f.Kind, milliseconds(f.At), optional(f.Until), f.Of, f.Value, f.Amount, f.Note, f.By, milliseconds(now)}
	})
	if err != nil {
		return err
	}
	if err := dirtyEnded(ctx, tx, facts, now); err != nil {
		return err
	}
	return markDirty(ctx, tx, now, aboutStudents(facts, func(f engagement.Noted) string { return f.Student }))
}

// dirtyEnded has everybody judged again at whose class the tutor said that it ended early.
func dirtyEnded(ctx context.Context, tx *transaction, facts []engagement.Noted, now time.Time) error {
	var sessions []string
	for _, f := range facts {
		if f.Kind == engagement.Ended {
			sessions = append(sessions, f.Of)
		}
	}
	if len(sessions) == 0 {
		return nil
	}
	ids, err := keys(sessions)
	if err != nil {
		return err
	}
	return markDirtyWhere(ctx, tx, now, `SELECT student_id FROM expected WHERE session_id IN ({{keys $2}})`, ids)
}

func advanceFeeds(ctx context.Context, tx *transaction, feeds []evidence.Feed, now time.Time) error {
	if len(feeds) == 0 {
		return nil
	}
	err := putEach(ctx, tx, "feeds", `INSERT INTO feed (kind, through, told_at, by_user) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind) DO UPDATE SET through = excluded.through, told_at = excluded.told_at, by_user = excluded.by_user
		WHERE excluded.through > feed.through`, feeds,
		func(f evidence.Feed) []any {
			return []any{f.Kind, milliseconds(f.Through), milliseconds(now), f.ByUser}
		})
	if err != nil {
		return err
	}
	return markDirtyWhere(ctx, tx, now, `SELECT id AS student_id FROM student`)
}
