package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"github.com/rollcall-edge/rollcall/central/report"
)

// FactsOf implements report.Source.
func (s ReportSource) FactsOf(ctx context.Context, student string, from, to time.Time) ([]report.Fact, error) {
	first, over := int64(math.MinInt64), int64(math.MaxInt64)
	if !from.IsZero() {
		first = milliseconds(from)
	}
	if !to.IsZero() {
		over = milliseconds(to)
	}
	facts, err := list(ctx, s.read, func(r *sql.Rows) (f report.Fact, err error) {
		var at, recorded int64
		var until, withdrawn sql.NullInt64
		err = r.Scan(&f.ID, &f.Kind, &at, &until, &f.Of, &f.Value, &f.Amount, &f.Note, &f.By, &recorded, &withdrawn, &f.WithdrawnBy, &f.Replaced)
		f.At, f.Until, f.RecordedAt, f.WithdrawnAt = instant(at), pointer(until), instant(recorded), pointer(withdrawn)
		return f, err
	}, `SELECT `+factColumns+`, withdrawn_at, withdrawn_by, replaced FROM fact
		WHERE student_id = $1 AND at < $3 AND coalesce(until, at) >= $2 ORDER BY at DESC, id DESC`, student, first, over)
	if err != nil {
		return nil, fmt.Errorf("list facts: %w", err)
	}
	return facts, nil
}

// PastMarksOf implements report.Source.
func (s ReportSource) PastMarksOf(ctx context.Context, student string) ([]report.PastMark, error) {
	past, err := list(ctx, s.read, func(r *sql.Rows) (m report.PastMark, err error) {
		var judged sql.NullInt64
		var replaced int64
		err = r.Scan(&m.Session, &m.Code, &m.Source, &m.Reason, &m.Policy, &judged, &replaced)
		m.JudgedAt, m.ReplacedAt = pointer(judged), instant(replaced)
		return m, err
	}, `SELECT session_id, code, source, reason, policy, judged_at, replaced_at FROM mark_past WHERE student_id = $1 ORDER BY replaced_at, id`, student)
	if err != nil {
		return nil, fmt.Errorf("list earlier judgements: %w", err)
	}
	return past, nil
}
