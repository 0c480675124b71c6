package store

import (
	"context"
	"database/sql"

	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/register"
)

func saveMarks(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	if err := keepPast(ctx, tx, verdicts); err != nil {
		return err
	}
	marks := parts(verdicts, func(v judge.Verdict) []judge.Mark { return v.Marks })
	err := putEach(ctx, tx, "marks", `INSERT INTO mark
		(student_id, session_id, term_id, starts_at, code, source, reason, tap_stream, tap_seq, tapped_at, policy, judged_at, known_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (student_id, session_id) DO UPDATE SET term_id = excluded.term_id, starts_at = excluded.starts_at,
		code = excluded.code, source = excluded.source, reason = excluded.reason, tap_stream = excluded.tap_stream,
		tap_seq = excluded.tap_seq, tapped_at = excluded.tapped_at, policy = excluded.policy, judged_at = excluded.judged_at,
		known_at = excluded.known_at`,
		marks, markRow)
	if err != nil {
		return err
	}
	gone := parts(verdicts, func(v judge.Verdict) []string { return v.Gone })
	return putEach(ctx, tx, "marks that are gone", `DELETE FROM mark WHERE student_id = $1 AND session_id = $2`,
		gone, func(p part[string]) []any { return []any{p.of.Student, p.is} })
}

// keepPast puts aside the judgements that new ones replace.
func keepPast(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	replaced := parts(verdicts, func(v judge.Verdict) []string { return v.Replaced })
	return putEach(ctx, tx, "judgements that are replaced", `INSERT INTO mark_past
		(student_id, session_id, code, source, reason, policy, judged_at, replaced_at)
		SELECT student_id, session_id, code, source, reason, policy, judged_at, CAST($3 AS BIGINT) FROM mark WHERE student_id = $1 AND session_id = $2`,
		replaced, func(p part[string]) []any { return []any{p.of.Student, p.is, milliseconds(p.of.JudgedAt)} })
}

func markRow(p part[judge.Mark]) []any {
	m := p.is
	var stream []byte
	var seq, tapped sql.NullInt64
	if m.Tap != nil {
		stream = m.Tap.ID.Stream[:]
		seq = sql.NullInt64{Int64: int64(m.Tap.ID.Seq), Valid: true}
		tapped = optional(m.Tap.At)
	}
	return []any{
		p.of.Student, m.Session.ID, m.Term, milliseconds(m.Session.StartsAt), m.Code, m.Source, m.Reason, stream, seq, tapped,
		m.Policy, milliseconds(p.of.JudgedAt), milliseconds(m.KnownAt),
	}
}

// marks reads what was judged before, as far as it is compared.
func (l *loader) marks(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var student string
		var starts, known int64
		var stream []byte
		var seq sql.NullInt64
		var m judge.Mark
		if err := r.Scan(&student, &m.Session.ID, &m.Term, &starts, &m.Code, &m.Source, &m.Reason, &stream, &seq, &m.Policy, &known); err != nil {
			return err
		}
		m.Session.StartsAt, m.KnownAt = instant(starts), instant(known)
		if stream != nil {
			m.Tap = &register.Tap{}
			copy(m.Tap.ID.Stream[:], stream)
			m.Tap.ID.Seq = uint64(seq.Int64)
		}
		l.cases[student].Marks[m.Session.ID] = m
		return nil
	}, `SELECT student_id, session_id, term_id, starts_at, code, source, reason, tap_stream, tap_seq, policy, known_at FROM mark
		WHERE student_id IN ({{keys $1}})`, l.ids)
}
