package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
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

func scanFact(r *sql.Rows) (student string, f engagement.Fact, err error) {
	var at, recorded int64
	var until sql.NullInt64
	err = r.Scan(&student, &f.ID, &f.Kind, &at, &until, &f.Of, &f.Value, &f.Amount, &f.Note, &f.By, &recorded)
	f.At, f.Until, f.RecordedAt = instant(at), optionalInstant(until), instant(recorded)
	return student, f, err
}

// feeds reads until when facts that arrive as files are complete, once for all the students.
func (l *loader) feeds(ctx context.Context, tx *transaction) error {
	known := map[engagement.Kind]time.Time{}
	err := each(ctx, tx, func(r *sql.Rows) error {
		var kind engagement.Kind
		var through int64
		if err := r.Scan(&kind, &through); err != nil {
			return err
		}
		known[kind] = instant(through)
		return nil
	}, `SELECT kind, through FROM feed`)
	for _, c := range l.cases {
		c.Known = known
	}
	return err
}

// AddFacts keeps facts and has their students judged again; identifiers and moments of recording are given here. Feeds say
// until when the facts of a kind are complete from now on, which concerns everybody; a feed never goes back.
func (s *Store) AddFacts(ctx context.Context, facts []engagement.Noted, feeds map[engagement.Kind]time.Time, now time.Time) error {
	return s.transact(ctx, func(tx *transaction) error {
		err := putEach(ctx, tx, "facts", `INSERT INTO fact (student_id, kind, at, until, of, value, amount, note, actor, recorded_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, facts, func(f engagement.Noted) []any {
			return []any{f.Student, f.Kind, milliseconds(f.At), optional(f.Until), f.Of, f.Value, f.Amount, f.Note, f.By, milliseconds(now)}
		})
		if err != nil {
			return err
		}
		if err := advanceFeeds(ctx, tx, feeds, now); err != nil {
			return err
		}
		var students []string
		for _, f := range facts {
			if f.Student != "" {
				students = append(students, f.Student)
			}
		}
		if err := dirtyEnded(ctx, tx, facts, now); err != nil {
			return err
		}
		return markDirty(ctx, tx, now, students)
	})
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

func advanceFeeds(ctx context.Context, tx *transaction, feeds map[engagement.Kind]time.Time, now time.Time) error {
	if len(feeds) == 0 {
		return nil
	}
	kinds := slices.Sorted(maps.Keys(feeds))
	err := putEach(ctx, tx, "feeds", `INSERT INTO feed (kind, through, told_at) VALUES ($1, $2, $3)
		ON CONFLICT (kind) DO UPDATE SET through = excluded.through, told_at = excluded.told_at WHERE excluded.through > feed.through`, kinds,
		func(k engagement.Kind) []any { return []any{k, milliseconds(feeds[k]), milliseconds(now)} })
	if err != nil {
		return err
	}
	return markDirtyWhere(ctx, tx, now, `SELECT id AS student_id FROM student`)
}
