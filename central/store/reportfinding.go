package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/report"
)

// Findings implements report.Source. The rows of a page are chosen first, from an index alone.
func (s ReportSource) Findings(ctx context.Context, f report.FindingFilter) ([]report.Finding, error) {
	c, err := chooseFindings(f)
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	if f.Rule != "" {
		c.and(`f.rule = ?`, f.Rule)
	}
	if f.ByID {
		c.and(`f.id > ?`, f.After)
	}
	where, order := c.where(), ` ORDER BY `+findingOrder(f)
	if f.Limit > 0 {
		where = `WHERE f.id IN (SELECT f.id FROM finding f ` + where + order + fmt.Sprintf(` LIMIT %d OFFSET %d)`, f.Limit, f.Offset)
	}
	findings, err := list(ctx, s.read, scanFindingRow, `SELECT f.id, f.student_id, f.subject, coalesce(s.name, ''), coalesce(s.department, ''), f.rule, f.scope, f.step,
			f.opens, f.level, f.policy, f.as_of, f.found_at, f.summary, f.deadline, f.evidence, f.superseded_at, f.superseded_by
		FROM finding f LEFT JOIN student s ON s.id = f.student_id `+where+order, c.args...)
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	return findings, nil
}

func scanFindingRow(r *sql.Rows) (f report.Finding, err error) {
	var asOf, found int64
	var superseded sql.NullInt64
	var evidence string
	err = r.Scan(&f.ID, &f.Student, &f.Subject, &f.Name, &f.Department, &f.Rule, &f.Scope, &f.Step, &f.Opens, &f.Level, &f.Policy, &asOf, &found, &f.Summary,
		&f.Deadline, &evidence, &superseded, &f.SupersededBy)
	if err != nil {
		return f, err
	}
	f.AsOf, f.FoundAt, f.SupersededAt = instant(asOf), instant(found), pointer(superseded)
	return f, json.Unmarshal([]byte(evidence), &f.Evidence)
}

// findingOrder completes each order by the number, so that pages never overlap.
func findingOrder(f report.FindingFilter) string {
	switch {
	case f.ByID:
		return `f.id`
	case f.Newest:
		return `f.as_of DESC, f.id DESC`
	}
	return `CASE WHEN f.deadline = '' THEN 1 ELSE 0 END, f.deadline, f.as_of DESC, f.id DESC`
}

// CountFindings implements report.Source.
func (s ReportSource) CountFindings(ctx context.Context, f report.FindingFilter) ([]report.RuleCount, error) {
	c, err := chooseFindings(f)
	if err != nil {
		return nil, fmt.Errorf("count findings: %w", err)
	}
	c.args = append(c.args, f.Today)
	today := "$" + strconv.Itoa(len(c.args))
	counts, err := list(ctx, s.read, func(r *sql.Rows) (n report.RuleCount, err error) {
		return n, r.Scan(&n.Rule, &n.Total, &n.Cases, &n.Due, &n.Passed)
	}, `SELECT f.rule, count(*), count(*) FILTER (WHERE f.opens = 'case'), count(*) FILTER (WHERE f.deadline <> ''),
		count(*) FILTER (WHERE f.deadline <> '' AND f.deadline < CAST(`+today+` AS TEXT)) FROM finding f `+c.where()+` GROUP BY f.rule ORDER BY f.rule`, c.args...)
	if err != nil {
		return nil, fmt.Errorf("count findings: %w", err)
	}
	return counts, nil
}

// chooseFindings is the WHERE clause of a filter, but for the rule.
func chooseFindings(f report.FindingFilter) (*choice, error) {
	c := &choice{terms: []string{"true"}}
	if !f.Sponsorship {
		plain, err := keys(report.PlainRules())
		if err != nil {
			return nil, err
		}
		c.and(`f.rule IN ({{keys ?}})`, plain)
	}
	if f.Student != "" {
		c.and(`f.student_id = ?`, f.Student)
	}
	if f.Search != "" {
		pattern := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Search) + "%"
		c.and(`f.student_id IN (SELECT id FROM student WHERE lower(name) LIKE '%' || lower(?) ESCAPE '\' OR lower(id) LIKE lower(?) ESCAPE '\')`, pattern)
	}
	if f.Department != "" {
		c.and(`f.student_id IN (SELECT id FROM student WHERE department = ?)`, f.Department)
	}
	if f.Opens != "" {
		c.and(`f.opens = ?`, string(f.Opens))
	}
	switch f.State {
	case report.InForce:
		c.terms = append(c.terms, `f.superseded_at IS NULL`)
	case report.Superseded:
		c.terms = append(c.terms, `f.superseded_at IS NOT NULL`)
	}
	if f.Due {
		c.terms = append(c.terms, `f.deadline <> ''`)
	}
	c.met(f.From, f.To)
	return c, nil
}

// met bounds when a finding was met. The plus keeps engines from choosing by time what they would then have to sort.
func (c *choice) met(from, to time.Time) {
	if !from.IsZero() {
		c.and(`+f.as_of >= ?`, milliseconds(from))
	}
	if !to.IsZero() {
		c.and(`+f.as_of < ?`, milliseconds(to))
	}
}

func (c *choice) where() string { return `WHERE ` + strings.Join(c.terms, " AND ") }
