package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
)

// Judgements is the store as the judge asks for it.
type Judgements struct{ s *Store }

// Judgements gives the judge its view of the database.
func (s *Store) Judgements() Judgements { return Judgements{s} }

// Calendar reads terms and proclaimed holidays.
func (j Judgements) Calendar(ctx context.Context) (*calendar.Calendar, error) {
	c := &calendar.Calendar{Holidays: map[calendar.Day]string{}}
	return c, j.s.view(ctx, func(tx *transaction) error {
		err := each(ctx, tx, func(r *sql.Rows) error {
			t, err := scanTerm(r)
			c.Terms = append(c.Terms, t)
			return err
		}, `SELECT id, name, first_day, last_day FROM term ORDER BY first_day`)
		if err != nil {
			return fmt.Errorf("read terms: %w", err)
		}
		err = each(ctx, tx, func(r *sql.Rows) error {
			h, err := scanHoliday(r)
			c.Holidays[h.day] = h.name
			return err
		}, `SELECT day, name FROM holiday`)
		if err != nil {
			return fmt.Errorf("read holidays: %w", err)
		}
		return nil
	})
}

func scanTerm(r *sql.Rows) (t calendar.Term, err error) {
	var first, last string
	if err := r.Scan(&t.ID, &t.Name, &first, &last); err != nil {
		return t, err
	}
	if t.First, err = calendar.ParseDay(first); err != nil {
		return t, err
	}
	t.Last, err = calendar.ParseDay(last)
	return t, err
}

type holiday struct {
	day  calendar.Day
	name string
}

func scanHoliday(r *sql.Rows) (h holiday, err error) {
	var day string
	if err := r.Scan(&day, &h.name); err != nil {
		return h, err
	}
	h.day, err = calendar.ParseDay(day)
	return h, err
}

// Dirty lists students to be judged, the longest waiting first.
func (j Judgements) Dirty(ctx context.Context, limit int) ([]judge.Dirty, error) {
	return list(ctx, j.s.read, func(r *sql.Rows) (d judge.Dirty, err error) { return d, r.Scan(&d.Student, &d.Since) },
		`SELECT student_id, since FROM dirty ORDER BY since, student_id LIMIT $1`, limit)
}

// Everybody lists students behind one by number, whether they wait to be judged or not.
func (j Judgements) Everybody(ctx context.Context, after string, limit int) ([]judge.Dirty, error) {
	return list(ctx, j.s.read, func(r *sql.Rows) (d judge.Dirty, err error) { return d, r.Scan(&d.Student, &d.Since) },
		`SELECT s.id, coalesce(d.since, 0) FROM student s LEFT JOIN dirty d ON d.student_id = s.id WHERE s.id > $1 ORDER BY s.id LIMIT $2`, after, limit)
}

// TouchEverybody makes all students dirty and tells how many they are.
func (j Judgements) TouchEverybody(ctx context.Context, now time.Time) (n int, err error) {
	err = j.s.transact(ctx, func(tx *transaction) error {
		if err := markDirtyWhere(ctx, tx, now, `SELECT id AS student_id FROM student`); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT count(*) FROM student`).Scan(&n)
	})
	return n, err
}

// TouchDaily makes everybody dirty at the first call of a day.
func (j Judgements) TouchDaily(ctx context.Context, day calendar.Day, now time.Time) error {
	var done bool
	err := j.s.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM run WHERE job = 'judge' AND day = $1)`, day.String()).Scan(&done)
	if err != nil || done {
		return err
	}
	return j.s.transact(ctx, func(tx *transaction) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO run (job, day, done_at) VALUES ('judge', $1, $2) ON CONFLICT (job, day) DO NOTHING`,
			day.String(), milliseconds(now)); err != nil {
			return err
		}
		return markDirtyWhere(ctx, tx, now, `SELECT id AS student_id FROM student`)
	})
}

// DirtyCount is how many students wait.
func (j Judgements) DirtyCount(ctx context.Context) (n int64, err error) {
	err = j.s.read.QueryRowContext(ctx, `SELECT count(*) FROM dirty`).Scan(&n)
	return n, err
}

// expectedAtClosed are the students of registers that closed, and of classes that ended, from $2 to $3. It says CROSS JOIN
// because SQLite keeps to its order: for the sake of DISTINCT it would read the lists of the whole university instead.
const expectedAtClosed = `SELECT e.student_id FROM session s CROSS JOIN expected e
	WHERE e.session_id = s.id AND s.starts_at > CAST($2 AS BIGINT) - 86400000 AND s.starts_at < CAST($3 AS BIGINT) + 86400000
		AND (s.closes_at >= $2 AND s.closes_at < $3 OR s.ends_at > $2 AND s.ends_at <= $3)`

// TouchClosed makes dirty the students whose register has closed since after: at its last millisecond a register is still
// open, so one that closed at after itself is meant too. A class is over at its last millisecond. With a zero after it goes
// on where the last look of an earlier start was noted.
func (j Judgements) TouchClosed(ctx context.Context, after, until time.Time) error {
	query, args := expectedAtClosed, []any{milliseconds(after), milliseconds(until)}
	return j.s.transact(ctx, func(tx *transaction) error {
		looked, err := lookedBefore(ctx, tx)
		if err != nil {
			return err
		}
		if after.IsZero() {
			args[0] = looked
		}
		if after.IsZero() && looked == 0 {
			query, args = `SELECT id AS student_id FROM student`, nil
		}
		if until.Sub(instant(looked)) >= noteLookEvery {
			if err := noteLook(ctx, tx, until); err != nil {
				return err
			}
		}
		return markDirtyWhere(ctx, tx, until, query, args...)
	})
}

// noteLookEvery is how often the last look at closed registers is written down: after a start they are looked at once more.
const noteLookEvery = time.Minute

// lookedBefore is up to when somebody has looked at registers that closed; 0 if nobody ever has.
func lookedBefore(ctx context.Context, tx *transaction) (at int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT coalesce(max(done_at), 0) FROM run WHERE job = 'registers'`).Scan(&at)
	return at, err
}

func noteLook(ctx context.Context, tx *transaction, at time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO run (job, day, done_at) VALUES ('registers', '', $1)
		ON CONFLICT (job, day) DO UPDATE SET done_at = excluded.done_at`, milliseconds(at))
	return err
}

// Save stores verdicts in one transaction, kind by kind, so that the rows of all of them go to the database together.
// What takes long to write down is written down before the turn comes, so that others have theirs meanwhile.
func (j Judgements) Save(ctx context.Context, verdicts []judge.Verdict) error {
	texts := textsOf(verdicts)
	return j.s.transact(ctx, func(tx *transaction) error {
		verdicts, err := stillAsked(ctx, tx, verdicts)
		if err != nil {
			return err
		}
		for _, save := range []func(context.Context, *transaction, []judge.Verdict) error{texts.save, saveStandings, saveShares, saveFindings, saveWakes, settle} {
			if err := save(ctx, tx, verdicts); err != nil {
				return err
			}
		}
		return nil
	})
}

// stillAsked leaves out verdicts on students of whom there are newer facts, or whom another process has judged meanwhile.
// Writers take turns, so what is read here stays true until the verdicts are stored.
func stillAsked(ctx context.Context, tx *transaction, verdicts []judge.Verdict) ([]judge.Verdict, error) {
	students := make([]string, len(verdicts))
	for i := range verdicts {
		students[i] = verdicts[i].Student
	}
	ids, err := keys(students)
	if err != nil {
		return nil, err
	}
	since := make(map[string]int64, len(verdicts))
	err = each(ctx, tx, func(r *sql.Rows) error {
		var student string
		var at int64
		err := r.Scan(&student, &at)
		since[student] = at
		return err
	}, `SELECT student_id, since FROM dirty WHERE student_id IN ({{keys $1}})`, ids)
	if err != nil {
		return nil, fmt.Errorf("read who is to be judged: %w", err)
	}
	return slices.DeleteFunc(slices.Clone(verdicts), func(v judge.Verdict) bool { return since[v.Student] != v.Since }), nil
}

// settle takes students off the dirty list. A fact that came meanwhile has raised since: the student stays dirty.
func settle(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	return putEach(ctx, tx, "who was judged", `DELETE FROM dirty WHERE student_id = $1 AND since = $2`, verdicts,
		func(v judge.Verdict) []any { return []any{v.Student, v.Since} })
}

// part is one thing of a verdict, with the verdict.
type part[T any] struct {
	of *judge.Verdict
	is T
}

func parts[T any](verdicts []judge.Verdict, list func(*judge.Verdict) []T) (out []part[T]) {
	for i := range verdicts {
		v := &verdicts[i]
		for _, is := range list(v) {
			out = append(out, part[T]{v, is})
		}
	}
	return out
}

// keys is a list of identifiers as one parameter, for {{keys $1}}.
func keys(ids []string) (string, error) {
	if len(ids) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(ids)
	if err != nil {
		return "", fmt.Errorf("list of identifiers: %w", err)
	}
	return string(text), nil
}
