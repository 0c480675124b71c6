package store

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// More rows than go in one message, of every type and with NULLs, arrive as they are.
func TestManyRowsAtOnce(t *testing.T) {
	s := openTest(t)
	type card struct {
		Digest  []byte
		From    int64
		To      sql.NullInt64
		Blocked bool
	}
	var want []card
	for i := range rowsAtOnce + 2 {
		c := card{Digest: fmt.Appendf(nil, "\x00%05d", i), From: int64(i) << 40, Blocked: i%3 == 0}
		if i%2 == 0 {
			c.To = sql.NullInt64{Int64: 1, Valid: true}
		}
		want = append(want, c)
	}
	const insert = `INSERT INTO card (digest, student_id, valid_from, valid_to, blocked) VALUES ($1, $2, $3, $4, $5)`
	args := func(c card) []any { return []any{c.Digest, "s'1", c.From, c.To, c.Blocked} }
	read := func() []card {
		t.Helper()
		got, err := list(t.Context(), s.read, func(r *sql.Rows) (c card, err error) { return c, r.Scan(&c.Digest, &c.From, &c.To, &c.Blocked) },
			`SELECT digest, valid_from, valid_to, blocked FROM card WHERE student_id = $1 ORDER BY digest`, "s'1")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	put := func(statement string, cards []card, args func(card) []any) error {
		return s.transact(t.Context(), func(tx *transaction) error { return putEach(t.Context(), tx, "cards", statement, cards, args) })
	}
	if _, err := s.write.Exec(`INSERT INTO student (id, name) VALUES ('s''1', 'Ada')`); err != nil {
		t.Fatal(err)
	}

	if err := put(insert, want, args); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read(), want); diff != "" {
		t.Errorf("inserted, got - want +:\n%s", diff)
	}
	// All of it or nothing: the last row is there already.
	more := append([]card{{Digest: []byte("new")}}, want[len(want)-1])
	if err := put(insert, more, args); !s.dialect.taken(err) {
		t.Errorf("a row again = %v, want a key that is taken", err)
	}
	if diff := cmp.Diff(read(), want); diff != "" {
		t.Errorf("after a failure, got - want +:\n%s", diff)
	}
	for i := range want {
		want[i].Blocked = true
	}
	if err := put(insert+` ON CONFLICT (digest) DO UPDATE SET blocked = excluded.blocked`, want, args); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read(), want); diff != "" {
		t.Errorf("updated, got - want +:\n%s", diff)
	}
	if err := put(`DELETE FROM card WHERE digest = $1`, want[1:], func(c card) []any { return []any{c.Digest} }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read(), want[:1]); diff != "" {
		t.Errorf("deleted, got - want +:\n%s", diff)
	}
}
