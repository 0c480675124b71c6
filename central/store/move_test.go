package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/report"
)

// removal is a database on SQLite and an empty one on PostgreSQL that it is to be moved to.
type removal struct {
	from, to Place
	source   *Store
}

func newRemoval(t *testing.T) removal {
	t.Helper()
	only(t, "postgres")
	r := removal{from: Place{Database: databases.SQLite(t)}, to: newPlace(t)}
	r.source = openAt(t, r.from)
	return r
}

func (r removal) move(t *testing.T, tell func(Progress)) (Moved, error) {
	t.Helper()
	target, err := Open(t.Context(), r.to)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	return Move(t.Context(), r.source, target, tell)
}

func quiet(Progress) {}

// inside looks at both databases as a move does.
func (r removal) inside(t *testing.T, look func(m move, tables []table) error) {
	t.Helper()
	err := r.source.view(context.Background(), func(source *transaction) error {
		return openAt(t, r.to).view(context.Background(), func(target *transaction) error {
			m := move{source, target, quiet}
			tables, err := m.tables(context.Background())
			if err != nil {
				return err
			}
			return look(m, tables)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fillTables puts rows into every table there is, also those that are added after this was written: the n-th row of each has
// the same text and number everywhere, so that references hold. The last row has NULL wherever it may.
func fillTables(t *testing.T, s *Store, tables []table) (rows int64) {
	t.Helper()
	const each = 12 // so that 10 comes after 9, and not after 1
	for _, table := range tables {
		nullable := map[string]bool{}
		for _, name := range columnOf(t, s, `SELECT name FROM pragma_table_info($1) WHERE "notnull" = 0 AND pk = 0`, table.name) {
			nullable[name] = true
		}
		for n := range each {
			var marks []string
			var values []any
			for i, c := range table.columns {
				var v any
				switch c.kind {
				case "bytea":
					v = []byte{0, byte(n), 0xff}
				case "boolean":
					v = n%2 == 0
				case "text":
					v = fmt.Sprintf("%d: Zoë's 数\n", n)
				default:
					v = int64(n + 1)
				}
				if n == each-1 && nullable[c.name] {
					v = nil
				}
				marks, values = append(marks, fmt.Sprintf("$%d", i+1)), append(values, v)
			}
			_, err := s.write.Exec(`INSERT INTO `+table.name+` (`+strings.Join(table.names(), ", ")+`) VALUES (`+strings.Join(marks, ", ")+`)`, values...)
			if err != nil {
				t.Fatalf("fill table %s: %v", table.name, err)
			}
			rows++
		}
	}
	return rows
}

func columnOf(t *testing.T, s *Store, query string, args ...any) []string {
	t.Helper()
	return (&door{store: s}).column(t, query, args...)
}

// contents is every value of every table, read in the types of its columns.
func contents(t *testing.T, q querier, tables []table) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, table := range tables {
		rows, err := q.QueryContext(context.Background(), `SELECT `+strings.Join(table.names(), ", ")+` FROM `+table.name+` ORDER BY `+table.key())
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values, err := table.scan(rows)
			if err != nil {
				t.Fatal(err)
			}
			line := ""
			for _, v := range values {
				line += fmt.Sprintf("%q ", fmt.Sprint(v))
			}
			out[table.name] = append(out[table.name], line)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestMoveTakesEveryTable(t *testing.T) {
	r := newRemoval(t)
	var rows int64
	var told []string
	r.inside(t, func(_ move, tables []table) error { rows = fillTables(t, r.source, tables); return nil })
	moved, err := r.move(t, func(p Progress) {
		if p.Checked {
			told = append(told, fmt.Sprintf("%s %d/%d", p.Table, p.Rows, p.Of))
		}
	})
	if err != nil || moved.Rows != rows || moved.Tables != len(told) || moved.Tables < 28 {
		t.Errorf("Move = %+v, %v after checking %d tables; want %d rows of as many", moved, err, len(told), rows)
	}
	r.inside(t, func(m move, tables []table) error {
		if diff := cmp.Diff(contents(t, m.target, tables), contents(t, m.source, tables)); diff != "" {
			t.Errorf("moved, got - want +:\n%s", diff)
		}
		return nil
	})
}

// The college looks the same from both, and life goes on in the new place alone.
func TestLifeGoesOnAfterTheMove(t *testing.T) {
	r := newRemoval(t)
	fillCollege(t, r.source)
	before := newDoorAt(t, r.source)
	if _, err := before.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, 1, taps(1, 5)...)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.move(t, quiet); err != nil {
		t.Fatal(err)
	}
	target := openAt(t, r.to)
	if diff := cmp.Diff(collegeReports(t, target), collegeReports(t, r.source), cmpopts.IgnoreUnexported(report.Sheet{})); diff != "" {
		t.Errorf("reports, got - want +:\n%s", diff)
	}
	if _, err := before.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, 6, taps(6, 1)...)); !errors.Is(err, ErrMoved) || !errors.Is(err, ingest.ErrBusy) {
		t.Errorf("a batch to the old database = %v, want it to be kept by the gateway", err)
	}
	if _, err := Open(t.Context(), r.from); !errors.Is(err, ErrMoved) {
		t.Errorf("Open of the old database = %v, want ErrMoved", err)
	}
	after := newDoorAt(t, target)
	receipt, err := after.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, 5, taps(5, 2)...))
	if err != nil || receipt.Through != 6 || receipt.Stored != 1 {
		t.Errorf("a batch to the new one = %+v, %v; want it to go on where the stream was", receipt, err)
	}
	ids := columnOf(t, target, `SELECT max(id) FROM amendment`)
	if err := target.AddAmendment(t.Context(), report.Amendment{Student: "s1", Session: "e1", Code: "E", Actor: "lee", Reason: "ill", MadeAt: collegeNow}); err != nil {
		t.Fatal(err)
	}
	if got := columnOf(t, target, `SELECT max(id) - 1 FROM amendment`); !cmp.Equal(got, ids) {
		t.Errorf("the next number follows %v, want %v", got, ids)
	}
}

// collegeReports asks what the pages ask.
func collegeReports(t *testing.T, s *Store) (out []any) {
	t.Helper()
	reports := report.New(s.ReportSource(), func() time.Time { return collegeNow })
	keep := func(v any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	keep(reports.Overview(t.Context(), "", true))
	keep(reports.Students(t.Context(), "", report.Filter{Sponsorship: true}))
	keep(reports.Student(t.Context(), "s1", "", true))
	keep(reports.Student(t.Context(), "s4", "", true))
	keep(reports.Register(t.Context(), "e3"))
	keep(reports.Gateways(t.Context()))
	return out
}

func TestMoveRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, source, target string // statements before the move
		want                 string
	}{
		{"a target with a row", ``, `INSERT INTO term VALUES ('autumn', '', '', '')`, "table term has rows"},
		{"a table that somebody added", `CREATE TABLE notes (id INTEGER PRIMARY KEY)`, ``, "the other lacks: notes.id"},
		{"a column that somebody added", `ALTER TABLE term ADD COLUMN notes TEXT`, ``, "the other lacks: term.notes"},
		{"text that PostgreSQL cannot hold", `INSERT INTO student (id, name) VALUES ('s', 'A' || char(0))`, ``, "copy table student: ERROR: invalid byte sequence"},
		{"a number that does not fit", `INSERT INTO standing (student_id, term_id, attended, counted, missed, pending, permille, level, judged_at) VALUES ('s', 't', 0, 0, 0, 0, 0, 1 << 40, 0)`, ``, "copy table standing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRemoval(t)
			if _, err := r.source.write.Exec(tt.source); err != nil {
				t.Fatal(err)
			}
			target := openAt(t, r.to)
			if _, err := target.write.Exec(tt.target); err != nil {
				t.Fatal(err)
			}
			if _, err := r.move(t, quiet); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Move = %v, want %q", err, tt.want)
			}
			if err := r.source.transact(t.Context(), func(*transaction) error { return nil }); err != nil {
				t.Errorf("after a refusal the old database takes no writes: %v", err)
			}
		})
	}
	s := openTest(t)
	if _, err := Move(t.Context(), s, s, quiet); err == nil {
		t.Errorf("Move from %s to itself = nil, want it refused", engine)
	}
}

// Whatever changes a row on its way, the comparison finds it, and nothing is left in the target.
func TestMoveComparesWhatArrived(t *testing.T) {
	for _, tt := range []struct{ name, table, change string }{
		{"another name", "student", `NEW.name = 'somebody'`},
		{"a name that ends in a space", "student", `NEW.name = NEW.name || ' '`},
		{"NULL is not zero", "card", `NEW.valid_to = coalesce(NEW.valid_to, 0)`},
		{"another truth", "student", `NEW.visa = NOT NEW.visa`},
		{"another octet", "tap", `NEW.digest = set_byte(NEW.digest, 0, 1)`},
		{"a millisecond later", "tap", `NEW.at = NEW.at + 1`},
		{"a row that is lost", "tap", `IF NEW.seq = 25 THEN RETURN NULL; END IF`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRemoval(t)
			fillCollege(t, r.source)
			target := openAt(t, r.to)
			run := func(statements string) {
				t.Helper()
				if _, err := target.write.Exec(statements); err != nil {
					t.Fatal(err)
				}
			}
			run(`CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + tt.change + `; RETURN NEW; END $$;
				CREATE TRIGGER change BEFORE INSERT ON ` + tt.table + ` FOR EACH ROW EXECUTE FUNCTION change()`)
			defer run(`DROP FUNCTION change() CASCADE`)
			if _, err := r.move(t, quiet); !errors.Is(err, ErrDiffers) || !strings.Contains(err.Error(), "table "+tt.table) {
				t.Errorf("Move = %v, want a difference in table %s", err, tt.table)
			}
			if got := columnOf(t, target, `SELECT count(*) FROM student`); got[0] != "0" {
				t.Errorf("%s students are left in the target, want none", got[0])
			}
		})
	}
}

func TestInterruptedMoveMayBeRunAgain(t *testing.T) {
	r := newRemoval(t)
	fillCollege(t, r.source)
	students := columnOf(t, r.source, `SELECT count(*) FROM student`)
	for _, after := range []int{1, 10, 40} { // words on progress: copying the first table, the tenth, comparing
		ctx, interrupt := context.WithCancel(t.Context())
		target, err := Open(ctx, r.to)
		if err != nil {
			t.Fatal(err)
		}
		words := 0
		_, err = Move(ctx, r.source, target, func(Progress) {
			if words++; words == after {
				interrupt()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted after %d of %d words: %v, want it to be canceled", after, words, err)
		}
		interrupt()
		if err := target.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.move(t, quiet); err != nil {
		t.Fatal(err)
	}
	if got := columnOf(t, openAt(t, r.to), `SELECT count(*) FROM student`); !cmp.Equal(got, students) {
		t.Errorf("%v students arrived, want %v", got, students)
	}
}
