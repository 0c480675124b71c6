package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/timetable"
)

// Students implements timetable.State.
func (v campusView) Students(ctx context.Context) ([]timetable.Student, error) {
	students, err := list(ctx, v.q, func(r *sql.Rows) (s timetable.Student, err error) {
		return s, r.Scan(&s.ID, &s.Name, &s.Email, &s.Department, &s.Programme, &s.Level, &s.Visa, &s.Delivery)
	}, `SELECT id, name, email, department, programme, level, visa, delivery FROM student ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read students: %w", err)
	}
	return students, nil
}

func putStudents(ctx context.Context, tx *transaction, c *timetable.Change) error {
	return putEach(ctx, tx, "students", `INSERT INTO student (id, name, email, department, programme, level, visa, delivery) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, department = excluded.department,
			programme = excluded.programme, level = excluded.level, visa = excluded.visa, delivery = excluded.delivery`,
		c.Students, func(s timetable.Student) []any {
			return []any{s.ID, s.Name, s.Email, s.Department, s.Programme, s.Level, s.Visa, s.Delivery}
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
	at := map[int64]int{}
	var n int
	absences, err := list(ctx, v.q, func(r *sql.Rows) (timetable.Absence, error) {
		var a timetable.Absence
		var id int64
		var since, until int64
		err := r.Scan(&id, &a.Student, &since, &until, &a.Reason, &a.Actor)
		at[id], n = n, n+1
		a.From, a.To = instant(since), instant(until)
		return a, err
	}, `SELECT id, student_id, since, until, reason, actor FROM absence WHERE withdrawn_at IS NULL ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read absences: %w", err)
	}
	return absences, v.approvals(ctx, absences, at)
}

// approvals adds who approved absences; at says where each is.
func (v campusView) approvals(ctx context.Context, absences []timetable.Absence, at map[int64]int) error {
	_, err := list(ctx, v.q, func(r *sql.Rows) (a timetable.Approval, err error) {
		var id int64
		if err = r.Scan(&id, &a.Role, &a.Actor); err == nil {
			if i, open := at[id]; open {
				absences[i].Approvals = append(absences[i].Approvals, a)
			}
		}
		return a, err
	}, `SELECT absence_id, role, actor FROM absence_approval ORDER BY absence_id, made_at, role, actor`)
	if err != nil {
		return fmt.Errorf("read approvals of absences: %w", err)
	}
	return nil
}

func addAbsences(ctx context.Context, tx *transaction, c *timetable.Change) error {
	err := putEach(ctx, tx, "absences", `INSERT INTO absence (student_id, since, until, reason, actor, made_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.Absences, func(a timetable.Absence) []any {
			return []any{a.Student, milliseconds(a.From), milliseconds(a.To), a.Reason, a.Actor, milliseconds(c.Receipt.AppliedAt)}
		})
	if err != nil {
		return err
	}
	return addApprovals(ctx, tx, c)
}

// addApprovals finds absences by what they say, since new ones have no number yet.
func addApprovals(ctx context.Context, tx *transaction, c *timetable.Change) error {
	type approved struct {
		timetable.Absence
		timetable.Approval
	}
	var all []approved
	for _, a := range slices.Concat(c.Absences, c.Approved) {
		for _, v := range a.Approvals {
			all = append(all, approved{a, v})
		}
	}
	return putEach(ctx, tx, "approvals of absences", `INSERT INTO absence_approval (absence_id, role, actor, made_at)
		SELECT id, $1, $2, CAST($3 AS BIGINT) FROM absence
		WHERE student_id = $4 AND since = $5 AND until = $6 AND reason = $7 AND actor = $8 AND withdrawn_at IS NULL
		ON CONFLICT (absence_id, role, actor) DO NOTHING`, all, func(a approved) []any {
		return []any{a.Role, a.Approval.Actor, milliseconds(c.Receipt.AppliedAt), a.Student, milliseconds(a.From), milliseconds(a.To), a.Reason, a.Absence.Actor}
	})
}
