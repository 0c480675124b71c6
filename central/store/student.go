package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/timetable"
)

// Students implements timetable.State.
func (v campusView) Students(ctx context.Context) ([]timetable.Student, error) {
	students, err := list(ctx, v.q, func(r *sql.Rows) (s timetable.Student, err error) {
		return s, r.Scan(&s.ID, &s.Name, &s.Email, &s.Department, &s.Programme, &s.Level, &s.Visa)
	}, `SELECT id, name, email, department, programme, level, visa FROM student ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read students: %w", err)
	}
	return students, nil
}

func putStudents(ctx context.Context, tx *transaction, c *timetable.Change) error {
	return putEach(ctx, tx, "students", `INSERT INTO student (id, name, email, department, programme, level, visa) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, department = excluded.department,
			programme = excluded.programme, level = excluded.level, visa = excluded.visa`,
		c.Students, func(s timetable.Student) []any {
			return []any{s.ID, s.Name, s.Email, s.Department, s.Programme, s.Level, s.Visa}
		})
}

// Cards implements timetable.State.
func (v campusView) Cards(ctx context.Context) ([]timetable.Card, error) {
	cards, err := list(ctx, v.q, func(r *sql.Rows) (timetable.Card, error) {
		var c timetable.Card
		var digest []byte
		var from int64
		var to sql.NullInt64
		err := r.Scan(&digest, &c.Student, &from, &to, &c.Blocked)
		copy(c.Digest[:], digest)
		if from != 0 {
			c.From = instant(from)
		}
		c.To = optionalInstant(to)
		return c, err
	}, `SELECT digest, student_id, valid_from, valid_to, blocked FROM card ORDER BY digest`)
	if err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	return cards, nil
}

func putCards(ctx context.Context, tx *transaction, c *timetable.Change) error {
	return putEach(ctx, tx, "cards", `INSERT INTO card (digest, student_id, valid_from, valid_to, blocked) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (digest) DO UPDATE SET student_id = excluded.student_id, valid_from = excluded.valid_from,
			valid_to = excluded.valid_to, blocked = excluded.blocked`,
		c.Cards, func(c timetable.Card) []any {
			var from int64
			if !c.From.IsZero() {
				from = milliseconds(c.From)
			}
			return []any{c.Digest[:], c.Student, from, optional(c.To), c.Blocked}
		})
}

// Absences implements timetable.State.
func (v campusView) Absences(ctx context.Context) ([]timetable.Absence, error) {
	absences, err := list(ctx, v.q, func(r *sql.Rows) (timetable.Absence, error) {
		var a timetable.Absence
		var since, until int64
		err := r.Scan(&a.Student, &since, &until, &a.Reason, &a.Actor)
		a.From, a.To = instant(since), instant(until)
		return a, err
	}, `SELECT student_id, since, until, reason, actor FROM absence WHERE withdrawn_at IS NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read absences: %w", err)
	}
	return absences, nil
}

func addAbsences(ctx context.Context, tx *transaction, c *timetable.Change) error {
	return putEach(ctx, tx, "absences", `INSERT INTO absence (student_id, since, until, reason, actor, made_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.Absences, func(a timetable.Absence) []any {
			return []any{a.Student, milliseconds(a.From), milliseconds(a.To), a.Reason, a.Actor, milliseconds(c.Receipt.AppliedAt)}
		})
}
