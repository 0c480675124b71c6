package year

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"github.com/rollcall-edge/rollcall/central/judge"
)

// engines are what every test runs on.
var engines = []string{"sqlite", "postgres"}

// Every mark of a small year is what its author knows it must be, and everything counted from marks is what they come to.
func TestYearIsJudgedAsItHappened(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			u := found(t, engine, Size{Students: 90, Weeks: 3})
			if err := u.judge.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			db := u.look(t)
			got := map[string]string{}
			query(t, db, `SELECT student_id, session_id, code FROM mark`, func(r *sql.Rows) error {
				var student, session, code string
				err := r.Scan(&student, &session, &code)
				got[student+" "+session] = code
				return err
			})
			marks, attended, counted := 0, map[string]int64{}, map[string]int64{}
			for i := range u.year.Students {
				u.year.sessionsOf(i, func(s session) bool {
					key, want := studentID(i)+" "+s.id(), u.year.code(i, s)
					if got[key] != want {
						t.Errorf("mark %s = %q, want %s", key, got[key], want)
					}
					of := studentID(i) + " " + s.module()
					switch want {
					case "P", "L":
						attended[of]++
						counted[of]++
					case "A":
						counted[of]++
					}
					marks++
					return !t.Failed()
				})
			}
			if len(got) != marks {
				t.Errorf("%d marks, want %d", len(got), marks)
			}
			checkModules(t, u, attended, counted)
		})
	}
}

func checkModules(t *testing.T, u *university, attended, counted map[string]int64) {
	t.Helper()
	modules := 0
	for _, term := range terms {
		rates, err := u.reports.Modules(t.Context(), term.id, "", u.year.Students)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rates {
			if of := r.Student + " " + r.Module; r.Rate.Attended != attended[of] || r.Rate.Counted != counted[of] {
				t.Errorf("%s = %+v, want %d of %d", of, r.Rate, attended[of], counted[of])
			}
			modules++
			attended[term.id+" "+r.Module] += r.Rate.Attended
			counted[term.id+" "+r.Module] += r.Rate.Counted
		}
		totals, err := u.reports.TermModules(t.Context(), term.id)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range totals.Modules {
			of := term.id + " " + m.Module
			if m.Rate.Attended != attended[of] || m.Rate.Counted != counted[of] {
				t.Errorf("%s = %+v in all, want %d of %d", of, m.Rate, attended[of], counted[of])
			}
			delete(counted, of)
		}
	}
	if modules != len(counted) {
		t.Errorf("%d rates of modules, want %d", modules, len(counted))
	}
}

// After a rebuild nothing is different; what somebody alters is found.
func TestRebuildIsTheSame(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			u := found(t, engine, Size{Students: 70, Weeks: 2})
			for range 2 { // from nothing, and over what is there
				if _, err := u.store.Judgements().TouchEverybody(t.Context(), Now); err != nil {
					t.Fatal(err)
				}
				if err := u.judge.Settle(t.Context()); err != nil {
					t.Fatal(err)
				}
				if differ := u.differ(t); len(differ) != 0 {
					t.Fatalf("%v differ after a rebuild, want nobody", differ)
				}
			}
			db := u.look(t)
			for n, alter := range []string{
				`UPDATE mark_week SET marks = replace(replace(marks, '"P"', '"L"'), '"A"', '"P"') WHERE student_id = $1 AND week = (SELECT min(week) FROM mark_week)`,
				`UPDATE standing SET attended = attended + 1 WHERE student_id = $1`,
				`UPDATE standing SET weeks = '[]' WHERE student_id = $1`,
				`UPDATE standing SET modules = '[]' WHERE student_id = $1`,
				`DELETE FROM mark_week WHERE student_id = $1 AND week = (SELECT min(week) FROM mark_week)`,
			} {
				who := studentID(7 * n)
				if _, err := db.ExecContext(t.Context(), alter, who); err != nil {
					t.Fatal(err)
				}
				if differ := u.differ(t); len(differ) != n+1 || differ[n] != who {
					t.Errorf("after %s: %v differ, want %s too", alter, differ, who)
				}
			}
		})
	}
}

func (u *university) differ(t *testing.T) (students []string) {
	t.Helper()
	book, err := u.desk.Book(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.judge.Compare(t.Context(), book, func(d judge.Difference) { students = append(students, d.Student) }); err != nil {
		t.Fatal(err)
	}
	return students
}

func query(t *testing.T, db *sql.DB, text string, each func(*sql.Rows) error) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// The same seed gives the same year, and every table has what is asked of it.
func TestYearIsRepeatable(t *testing.T) {
	digest := func(seed uint64) (sum [sha256.Size]byte) {
		hash := sha256.New()
		for _, table := range New(Size{Students: 50, Weeks: 1}, seed).Tables() {
			n := 0
			for row := range table.Rows {
				fmt.Fprintln(hash, row...)
				n++
			}
			if n == 0 && table.Name != "amendment" && table.Name != "absence" {
				t.Errorf("table %s is empty", table.Name)
			}
		}
		return [sha256.Size]byte(hash.Sum(nil))
	}
	first, again := digest(1), digest(1)
	if first != again {
		t.Error("the same seed gave another year")
	}
	if first == digest(2) {
		t.Error("another seed gave the same year")
	}
}

// look opens the database beside the store.
func (u *university) look(t testing.TB) *sql.DB {
	t.Helper()
	driver := map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[u.store.Engine()]
	db, err := sql.Open(driver, u.place.Database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.PingContext(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db
}
