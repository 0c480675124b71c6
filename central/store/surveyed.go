package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// SaveSurvey implements judge.Store.
func (j Judgements) SaveSurvey(ctx context.Context, v judge.SurveyVerdict) error {
	return j.s.transact(ctx, func(tx *transaction) error {
		err := putEach(ctx, tx, "what supersedes findings", `UPDATE finding SET superseded_at = $1, superseded_by = $2 WHERE id = $3`, v.Superseded,
			func(s judge.Superseded) []any { return []any{milliseconds(v.JudgedAt), s.Why, s.ID} })
		if err != nil {
			return err
		}
		for _, f := range v.Found {
			if err := addSurveyed(ctx, tx, v, f); err != nil {
				return fmt.Errorf("save finding %s of %s: %w", f.Rule, f.Subject, err)
			}
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO surveyed (part, seen) VALUES ($1, $2) ON CONFLICT (part) DO UPDATE SET seen = excluded.seen`, v.Part, v.Seen)
		return err
	})
}

// addSurveyed stores a finding unless another process that surveyed meanwhile did.
func addSurveyed(ctx context.Context, tx *transaction, v judge.SurveyVerdict, f rules.Finding) error {
	var there bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM finding WHERE student_id = '' AND superseded_at IS NULL
		AND rule = $1 AND subject = $2 AND scope = $3 AND step = $4)`, f.Rule, f.Subject, f.Scope, f.Step).Scan(&there)
	if err != nil || there {
		return err
	}
	row, err := findingRow("", v.Term(f.AsOf), v.JudgedAt, f)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, addFinding, row...)
	return err
}

// ForgetSurveys implements judge.Store.
func (j Judgements) ForgetSurveys(ctx context.Context) error {
	return j.s.transact(ctx, func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM surveyed`)
		return err
	})
}

func scanSurveyed(r *sql.Rows) (f judge.Finding, err error) {
	var asOf int64
	var deadline, evidence string
	if err := r.Scan(&f.ID, &f.Subject, &f.Rule, &f.Scope, &f.Step, &f.Opens, &f.Policy, &asOf, &f.Summary, &deadline, &evidence); err != nil {
		return f, err
	}
	f.AsOf = instant(asOf)
	if deadline != "" {
		if f.Deadline, err = calendar.ParseDay(deadline); err != nil {
			return f, err
		}
	}
	return f, json.Unmarshal([]byte(evidence), &f.Evidence)
}
