package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/rollcall-edge/rollcall/central/report"
)

// SurveyFindings implements report.Source.
func (s ReportSource) SurveyFindings(ctx context.Context, limit int, sponsorship bool) ([]report.SurveyFinding, error) {
	return list(ctx, s.read, func(r *sql.Rows) (f report.SurveyFinding, err error) {
		var asOf, found int64
		var superseded sql.NullInt64
		var evidence string
		err = r.Scan(&f.ID, &f.Rule, &f.Subject, &f.Scope, &f.Step, &f.Opens, &f.Policy, &asOf, &found, &f.Summary, &f.Deadline, &evidence, &superseded, &f.SupersededBy)
		if err != nil {
			return f, err
		}
		f.AsOf, f.FoundAt, f.SupersededAt = instant(asOf), instant(found), pointer(superseded)
		return f, json.Unmarshal([]byte(evidence), &f.Evidence)
	}, `SELECT id, rule, subject, scope, step, opens, policy, as_of, found_at, summary, deadline, evidence, superseded_at, superseded_by FROM finding
		WHERE student_id = '' AND ($2 OR rule <> 'E-16') ORDER BY CASE WHEN superseded_at IS NULL THEN 0 ELSE 1 END, as_of DESC, id DESC LIMIT $1`, limit, sponsorship)
}
