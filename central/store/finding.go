package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// saveFindings appends what was found and supersedes what no longer holds; nothing is deleted (RULES G-6).
func saveFindings(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	superseded := parts(verdicts, func(v *judge.Verdict) []judge.Superseded { return v.Superseded })
	err := putEach(ctx, tx, "what supersedes findings", `UPDATE finding SET superseded_at = $1, superseded_by = $2 WHERE id = $3`, superseded,
		func(p part[judge.Superseded]) []any { return []any{milliseconds(p.of.JudgedAt), p.is.Why, p.is.ID} })
	if err != nil {
		return err
	}
	var rows [][]any
	for _, p := range parts(verdicts, func(v *judge.Verdict) []rules.Finding { return v.Found }) {
		row, err := findingRow(p.of.Student, p.of.Term(p.is.AsOf), p.of.JudgedAt, p.is)
		if err != nil {
			return fmt.Errorf("save finding %s of student %s: %w", p.is.Rule, p.of.Student, err)
		}
		rows = append(rows, row)
	}
	return putEach(ctx, tx, "findings", addFinding, rows, func(row []any) []any { return row })
}

const addFinding = `INSERT INTO finding
	(student_id, subject, term_id, rule, policy, as_of, found_at, summary, deadline, evidence, scope, step, opens, level)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

// findingRow is what addFinding adds of a finding about a student, or about a subject of the university with an empty student.
func findingRow(student, term string, judgedAt time.Time, f rules.Finding) ([]any, error) {
	evidence, err := keys(f.Evidence)
	if err != nil {
		return nil, err
	}
	var deadline string
	if f.Deadline != (calendar.Day{}) {
		deadline = f.Deadline.String()
	}
	return []any{
		student, f.Subject, term, f.Rule, f.Policy, milliseconds(f.AsOf), milliseconds(judgedAt), f.Summary, deadline, evidence,
		f.Scope, f.Step, f.Opens, f.Level,
	}, nil
}

// findings reads those that were not superseded.
func (l *loader) findings(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		student, f, err := scanFinding(r)
		if err == nil {
			c := l.cases[student]
			c.Findings = append(c.Findings, f.Finding)
		}
		return err
	}, `SELECT `+findingColumns+` FROM finding WHERE superseded_at IS NULL AND student_id IN ({{keys $1}}) ORDER BY id`, l.ids)
}

// Kept lists every finding about a student, or with an empty number those about no student, in the order in which they were made.
func (j Judgements) Kept(ctx context.Context, student string) ([]judge.Kept, error) {
	return list(ctx, j.s.read, func(r *sql.Rows) (judge.Kept, error) {
		_, f, err := scanFinding(r)
		return f, err
	}, `SELECT `+findingColumns+` FROM finding WHERE student_id = $1 ORDER BY id`, student)
}

const findingColumns = `id, student_id, subject, rule, scope, step, opens, level, policy, as_of, summary, deadline, evidence, found_at, superseded_at, superseded_by`

func scanFinding(r *sql.Rows) (student string, f judge.Kept, err error) {
	var deadline, evidence string
	var asOf, found int64
	var superseded sql.NullInt64
	err = r.Scan(&f.ID, &student, &f.Subject, &f.Rule, &f.Scope, &f.Step, &f.Opens, &f.Level, &f.Policy, &asOf, &f.Summary, &deadline, &evidence,
		&found, &superseded, &f.SupersededBy)
	if err != nil {
		return "", f, err
	}
	f.AsOf, f.FoundAt, f.SupersededAt = instant(asOf), instant(found), optionalInstant(superseded)
	if deadline != "" {
		if f.Deadline, err = calendar.ParseDay(deadline); err != nil {
			return "", f, err
		}
	}
	return student, f, json.Unmarshal([]byte(evidence), &f.Evidence)
}
