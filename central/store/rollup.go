package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-edge/rollcall/central/judge"
)

// Roll-ups are sums of what is judged: what weeks and modules come to by term and department. Pages about everybody read them
// alone. A verdict changes them by what it changes, in its own transaction. Marks by session are not summed: students of a batch share
// few sessions, and to keep three hundred sums for each would take longer than to judge them.

// shareKey is a row of term_share.
type shareKey struct{ term, kind, name, department string }

func (k shareKey) compare(o shareKey) int {
	return cmp.Or(cmp.Compare(k.term, o.term), cmp.Compare(k.kind, o.kind), cmp.Compare(k.name, o.name), cmp.Compare(k.department, o.department))
}

// shareSum is what a week or a module comes to, or is more than before.
type shareSum struct{ attended, counted int64 }

// saveShares keeps what weeks and modules come to.
func saveShares(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	more := map[shareKey]shareSum{}
	for i := range verdicts {
		if v := &verdicts[i]; v.Recounted {
			addShares(more, v.Before, -1)
			addShares(more, v.Standings, 1)
		}
	}
	maps.DeleteFunc(more, func(_ shareKey, s shareSum) bool { return s == shareSum{} })
	if len(more) == 0 {
		return nil
	}
	keys := slices.SortedFunc(maps.Keys(more), shareKey.compare) // in one order, so that no two writers wait for one another
	return putEach(ctx, tx, "sums of weeks and modules", `INSERT INTO term_share (term_id, kind, name, department, attended, counted)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (term_id, kind, name, department) DO UPDATE SET attended = term_share.attended + excluded.attended,
			counted = term_share.counted + excluded.counted`, keys,
		func(k shareKey) []any {
			return []any{k.term, k.kind, k.name, k.department, more[k].attended, more[k].counted}
		})
}

func addShares(more map[shareKey]shareSum, standings []judge.Standing, times int64) {
	for i := range standings {
		s := &standings[i]
		add := func(kind string, shares []judge.Share) {
			for _, share := range shares {
				k := shareKey{s.Term, kind, share.Of, s.Department}
				sum := more[k]
				more[k] = shareSum{sum.attended + times*share.Attended, sum.counted + times*share.Counted}
			}
		}
		add("week", s.Weeks)
		add("module", s.Modules)
	}
}

// sharesOfStandings is how the roll-ups follow from standings, column by column as they are stored.
const sharesOfStandings = `SELECT t.term_id, 'week' AS kind, m.value->>0 AS name, t.department, CAST(sum(CAST(m.value->>1 AS BIGINT)) AS BIGINT) AS attended,
			CAST(sum(CAST(m.value->>2 AS BIGINT)) AS BIGINT) AS counted
		FROM standing t CROSS JOIN {{elements t.weeks}} GROUP BY t.term_id, m.value->>0, t.department
		UNION ALL SELECT t.term_id, 'module', m.value->>0, t.department, CAST(sum(CAST(m.value->>1 AS BIGINT)) AS BIGINT), CAST(sum(CAST(m.value->>2 AS BIGINT)) AS BIGINT)
		FROM standing t CROSS JOIN {{elements t.modules}} GROUP BY t.term_id, m.value->>0, t.department`

// Recount makes the roll-ups anew.
func (j Judgements) Recount(ctx context.Context) error {
	return j.s.transact(ctx, func(tx *transaction) error { return recount(ctx, tx) })
}

func recount(ctx context.Context, tx *transaction) error {
	for _, statement := range []string{
		`DELETE FROM term_share`, `INSERT INTO term_share ` + sharesOfStandings,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("recount: %w", err)
		}
	}
	return nil
}

// WrongSums is how many rows of the roll-ups are not what standings come to.
func (j Judgements) WrongSums(ctx context.Context) (n int64, err error) {
	const stored = `SELECT * FROM term_share WHERE attended <> 0 OR counted <> 0`
	err = j.s.view(ctx, func(tx *transaction) error {
		return tx.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM (SELECT * FROM (`+stored+`) AS s EXCEPT SELECT * FROM (`+sharesOfStandings+`) AS f) AS gone) +
			(SELECT count(*) FROM (SELECT * FROM (`+sharesOfStandings+`) AS f EXCEPT SELECT * FROM (`+stored+`) AS s) AS missing)`).Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("compare sums: %w", err)
	}
	return n, nil
}
