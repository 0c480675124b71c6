package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/register"
)

// Roll-ups are sums of what is judged: marks by session, and what weeks and modules come to by term and department. Pages about
// everybody read them alone. A verdict changes them by what it changes, in its own transaction; all changes of a transaction
// are one statement, because students of one class change the same sums.

// countedCodes are the columns of session_count, in their order.
var countedCodes = []register.Code{
	register.Present, register.Late, register.Absent, register.Authorised, register.Remote, register.Cancelled, register.NotNeeded, register.Unknown,
}

// codeCounts is how many marks of each of countedCodes there are, or are more than before.
type codeCounts [8]int64

func (c *codeCounts) add(code register.Code, n int64) {
	if i := slices.Index(countedCodes, code); i >= 0 {
		c[i] += n
	}
}

// saveCounts keeps the marks by session.
func saveCounts(ctx context.Context, tx *transaction, verdicts []judge.Verdict) error {
	more := map[string]*codeCounts{}
	for i := range verdicts {
		for _, m := range verdicts[i].Moves {
			c := more[m.Session]
			if c == nil {
				c = &codeCounts{}
				more[m.Session] = c
			}
			c.add(m.From, -1)
			c.add(m.To, 1)
		}
	}
	maps.DeleteFunc(more, func(_ string, c *codeCounts) bool { return *c == codeCounts{} })
	if len(more) == 0 {
		return nil
	}
	b := []byte{'['}
	for _, session := range slices.Sorted(maps.Keys(more)) { // in one order, so that two writers never wait for one another
		b = appendText(append(b, '['), session)
		for _, n := range more[session] {
			b = appendNumber(b, n)
		}
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	b[len(b)-1] = ']'
	_, err := tx.ExecContext(ctx, `INSERT INTO session_count (session_id, p, l, a, e, r, x, n, u)
		SELECT m.value->>0, CAST(m.value->>1 AS BIGINT), CAST(m.value->>2 AS BIGINT), CAST(m.value->>3 AS BIGINT), CAST(m.value->>4 AS BIGINT),
			CAST(m.value->>5 AS BIGINT), CAST(m.value->>6 AS BIGINT), CAST(m.value->>7 AS BIGINT), CAST(m.value->>8 AS BIGINT)
		FROM {{elements $1}} WHERE true
		ON CONFLICT (session_id) DO UPDATE SET p = session_count.p + excluded.p, l = session_count.l + excluded.l, a = session_count.a + excluded.a,
			e = session_count.e + excluded.e, r = session_count.r + excluded.r, x = session_count.x + excluded.x,
			n = session_count.n + excluded.n, u = session_count.u + excluded.u`, string(b))
	if err != nil {
		return fmt.Errorf("count marks by session: %w", err)
	}
	return nil
}

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
	b := []byte{'['}
	for _, k := range slices.SortedFunc(maps.Keys(more), shareKey.compare) {
		b = append(b, '[')
		for _, text := range []string{k.term, k.kind, k.name, k.department} {
			b = appendText(b, text)
		}
		b = appendNumber(appendNumber(b, more[k].attended), more[k].counted)
		b[len(b)-1] = ']'
		b = append(b, ',')
	}
	b[len(b)-1] = ']'
	_, err := tx.ExecContext(ctx, `INSERT INTO term_share (term_id, kind, name, department, attended, counted)
		SELECT m.value->>0, m.value->>1, m.value->>2, m.value->>3, CAST(m.value->>4 AS BIGINT), CAST(m.value->>5 AS BIGINT)
		FROM {{elements $1}} WHERE true
		ON CONFLICT (term_id, kind, name, department) DO UPDATE SET attended = term_share.attended + excluded.attended,
			counted = term_share.counted + excluded.counted`, string(b))
	if err != nil {
		return fmt.Errorf("sum weeks and modules: %w", err)
	}
	return nil
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

// How the roll-ups follow from marks and standings, column by column as they are stored.
const (
	countsOfMarks = `SELECT session_id, count(*) FILTER (WHERE code = 'P') AS p, count(*) FILTER (WHERE code = 'L') AS l,
		count(*) FILTER (WHERE code = 'A') AS a, count(*) FILTER (WHERE code = 'E') AS e, count(*) FILTER (WHERE code = 'R') AS r,
		count(*) FILTER (WHERE code = 'X') AS x, count(*) FILTER (WHERE code = 'N') AS n, count(*) FILTER (WHERE code = 'U') AS u
		FROM mark GROUP BY session_id`
	sharesOfStandings = `SELECT t.term_id, 'week' AS kind, m.value->>0 AS name, t.department, CAST(sum(CAST(m.value->>1 AS BIGINT)) AS BIGINT) AS attended,
			CAST(sum(CAST(m.value->>2 AS BIGINT)) AS BIGINT) AS counted
		FROM standing t CROSS JOIN {{elements t.weeks}} GROUP BY t.term_id, m.value->>0, t.department
		UNION ALL SELECT t.term_id, 'module', m.value->>0, t.department, CAST(sum(CAST(m.value->>1 AS BIGINT)) AS BIGINT), CAST(sum(CAST(m.value->>2 AS BIGINT)) AS BIGINT)
		FROM standing t CROSS JOIN {{elements t.modules}} GROUP BY t.term_id, m.value->>0, t.department`
)

// Recount makes the roll-ups anew.
func (j Judgements) Recount(ctx context.Context) error {
	return j.s.transact(ctx, func(tx *transaction) error {
		for _, statement := range []string{
			`DELETE FROM session_count`, `INSERT INTO session_count ` + countsOfMarks,
			`DELETE FROM term_share`, `INSERT INTO term_share ` + sharesOfStandings,
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("recount: %w", err)
			}
		}
		return nil
	})
}

// WrongSums is how many rows of the roll-ups are not what marks and standings come to.
func (j Judgements) WrongSums(ctx context.Context) (n int64, err error) {
	const (
		counts = `SELECT * FROM session_count WHERE p + l + a + e + r + x + n + u <> 0 OR p < 0 OR l < 0 OR a < 0 OR e < 0 OR r < 0 OR x < 0 OR n < 0 OR u < 0`
		shares = `SELECT * FROM term_share WHERE attended <> 0 OR counted <> 0`
	)
	err = j.s.view(ctx, func(tx *transaction) error {
		for _, pair := range [][2]string{{counts, countsOfMarks}, {shares, sharesOfStandings}} {
			for i := range pair {
				var differ int64
				query := `SELECT count(*) FROM (SELECT * FROM (` + pair[i] + `) AS one EXCEPT SELECT * FROM (` + pair[1-i] + `) AS other) AS wrong`
				if err := tx.QueryRowContext(ctx, query).Scan(&differ); err != nil {
					return fmt.Errorf("compare sums: %w", err)
				}
				n += differ
			}
		}
		return nil
	})
	return n, err
}
