package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// Whatever a transaction read, nobody has changed when it commits: what is compared and then written stays true. Each
// store stands for a process of its own.
func TestWritersTakeTurns(t *testing.T) {
	place := newPlace(t)
	const writers, turns = 4, 25
	first := openAt(t, place)
	if _, err := first.write.Exec(`INSERT INTO watermark (point_id, until) VALUES ('p', 0)`); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range writers {
		s := openAt(t, place)
		all.Go(func() {
			for range turns {
				if err := s.transact(t.Context(), func(tx *transaction) error { return increment(t.Context(), tx) }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var n int
	if err := first.read.QueryRow(`SELECT until FROM watermark`).Scan(&n); err != nil || n != writers*turns {
		t.Errorf("%d turns left %d, %v; want each to have seen the one before", writers*turns, n, err)
	}
}

func increment(ctx context.Context, tx *transaction) error {
	var n int64
	if err := tx.QueryRowContext(ctx, `SELECT until FROM watermark WHERE point_id = 'p'`).Scan(&n); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE watermark SET until = $1 WHERE point_id = 'p'`, n+1)
	return err
}

// The numbers of facts become visible in their order: who has seen an import has seen every import before it.
func TestNumbersBecomeVisibleInOrder(t *testing.T) {
	place := newPlace(t)
	const writers, each, facts = 3, 20, 3
	var all sync.WaitGroup
	for range writers {
		s := openAt(t, place)
		all.Go(func() {
			for range each {
				err := s.transact(t.Context(), func(tx *transaction) error {
					for range facts {
						if _, err := tx.ExecContext(t.Context(), `INSERT INTO amendment (student_id, session_id, code, reason, actor, made_at)
							VALUES ('s', 'e', 'P', '', '', 0)`); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	reader, seen := openAt(t, place), 0
	for seen < writers*each*facts {
		var n, highest int
		if err := reader.read.QueryRow(`SELECT count(*), coalesce(max(id), 0) FROM amendment`).Scan(&n, &highest); err != nil {
			t.Fatal(err)
		}
		if n != highest {
			t.Fatalf("%d facts are visible and the highest number is %d: one below it will come later", n, highest)
		}
		seen = n
	}
	all.Wait()
}

var errConflict = errors.New("another transaction came between")

func TestTransactBeginsAgain(t *testing.T) {
	for _, tt := range []struct {
		name      string
		conflicts int // how often the engine gives it up
		fault     error
		tries     int
		want      error
	}{
		{"at once", 0, nil, 1, nil},
		{"after conflicts", attempts - 1, nil, attempts, nil},
		{"not for ever", attempts, nil, attempts, errConflict},
		{"not for other faults", 0, errors.ErrUnsupported, 1, errors.ErrUnsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := openTest(t)
			d := *s.dialect
			d.conflict = func(err error) bool { return errors.Is(err, errConflict) }
			s.dialect = &d
			tries := 0
			err := s.transact(t.Context(), func(tx *transaction) error {
				tries++
				if _, err := tx.ExecContext(t.Context(), `INSERT INTO holiday (day, name) VALUES ('2026-12-25', '')`); err != nil {
					return err
				}
				if tries <= tt.conflicts {
					return errConflict
				}
				return tt.fault
			})
			if !errors.Is(err, tt.want) || tries != tt.tries {
				t.Errorf("transact = %v after %d tries, want %v after %d", err, tries, tt.want, tt.tries)
			}
			var kept int
			if err := s.read.QueryRow(`SELECT count(*) FROM holiday`).Scan(&kept); err != nil || (kept == 1) != (tt.want == nil) {
				t.Errorf("%d rows were kept, %v; want one if and only if it succeeded", kept, err)
			}
		})
	}
}

// What the dialect makes of errors is tried with those that the engine really gives.
func TestDialectKnowsItsErrors(t *testing.T) {
	place := newPlace(t)
	s := openAt(t, place)
	ctx := t.Context()
	insert := func(tx *transaction) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO account (login, name, role, password_hash, created_at) VALUES ('ada', '', '', '', 0)`)
		return err
	}
	if err := s.transact(ctx, insert); err != nil {
		t.Fatal(err)
	}
	if err := s.transact(ctx, insert); !s.dialect.taken(err) || s.dialect.conflict(err) || s.dialect.busy(err) {
		t.Errorf("a login that is taken = %v: taken %v, conflict %v, busy %v", err, s.dialect.taken(err), s.dialect.conflict(err), s.dialect.busy(err))
	}
	other := openAt(t, place)
	impatient := map[string]string{"sqlite": `PRAGMA busy_timeout = 1`, "postgres": `SET lock_timeout = 1`}[engine]
	if _, err := other.write.Exec(impatient); err != nil {
		t.Fatal(err)
	}
	err := s.transact(ctx, func(*transaction) error { return other.transact(ctx, insert) })
	if !s.dialect.busy(err) || !s.dialect.conflict(err) || s.dialect.taken(err) {
		t.Errorf("a turn that does not come = %v: taken %v, conflict %v, busy %v", err, s.dialect.taken(err), s.dialect.conflict(err), s.dialect.busy(err))
	}
	if other.dialect.conflict(nil) || other.dialect.busy(nil) || other.dialect.taken(nil) {
		t.Error("no error is taken for one")
	}
}

// Taps of now wait for those who wrote before them, and for nobody who came later.
func TestWhoeverWaitsLongestWritesNext(t *testing.T) {
	only(t, "sqlite") // fake time does not wait for a server
	synctest.Test(t, func(t *testing.T) {
		s := openTest(t)
		hold := make(chan struct{})
		var order, want []int
		var all sync.WaitGroup
		for n := range 20 {
			want = append(want, n)
			all.Go(func() {
				if err := s.transact(t.Context(), func(*transaction) error {
					if n == 0 {
						<-hold
					}
					order = append(order, n)
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // it writes, or stands in line
		}
		close(hold)
		all.Wait()
		if !slices.Equal(order, want) {
			t.Errorf("they wrote in the order %v, want that in which they came", order)
		}
	})
}
