package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/proof"
)

const (
	forgotten = "s-4711"
	theirName = "Rosalind Erewhon"
)

var byEve = proof.Erasure{At: nine, Actor: "eve", Reason: "request of 1 October", Records: 99} // how many it were is counted, not believed

// known is a door to a database that knows two students: of forgotten there is a row in every table, and tap 2 of stream A.
func known(t *testing.T) (*door, *author, contract.Batch) {
	t.Helper()
	d := newDoor(t)
	a := newAuthor(t, d.store, "gw-a", streamA)
	records := taps(1, 3)
	mine := records[1].Tap.Digest
	d.exec(t, `INSERT INTO student (id, name) VALUES ($1, $2), ('other', 'Ben')`, forgotten, theirName)
	d.exec(t, `INSERT INTO card (digest, student_id) VALUES ($1, $2), ($3, 'other')`, mine[:], forgotten, records[2].Tap.Digest[:])
	d.exec(t, `INSERT INTO module (id) VALUES ('LAW')`)
	d.exec(t, `INSERT INTO session (id, module_id, starts_at, ends_at, opens_at, closes_at) VALUES ('law', 'LAW', 1, 2, 1, 2)`)
	for _, insert := range []string{
		`INSERT INTO expected (session_id, student_id) VALUES ('law', $1)`,
		`INSERT INTO absence (id, student_id, since, until, reason, actor, made_at) VALUES (7, $1, 1, 2, 'illness', 'eve', 3)`,
		`INSERT INTO amendment (student_id, session_id, code, reason, actor, made_at) VALUES ($1, 'law', 'P', 'saw them', 'eve', 3)`,
		`INSERT INTO fact (student_id, kind, at, actor, recorded_at) VALUES ($1, 'login', 1, 'vle', 3)`,
		`INSERT INTO vle_user (id, student_id) VALUES ('u1', $1)`,
		`INSERT INTO mark_week (student_id, week, marks) VALUES ($1, 1, '[]')`,
		`INSERT INTO mark_past (student_id, session_id, code, source, reason, policy, judged_at, replaced_at) VALUES ($1, 'law', 'A', '', '', '', 1, 2)`,
		`INSERT INTO finding (student_id, term_id, rule, policy, as_of, found_at, summary, evidence) VALUES ($1, 't', 'A-2', 'p', 1, 2, 'warned', '[]')`,
		`INSERT INTO standing (student_id, term_id, attended, counted, missed, pending, permille, level, judged_at, weeks) VALUES ($1, 't', 1, 2, 1, 0, 500, 1, 7, '[["2026-10-05",1,2]]')`,
		`INSERT INTO dirty (student_id, since) VALUES ($1, 1) ON CONFLICT (student_id) DO NOTHING`,
		`INSERT INTO wake (student_id, at) VALUES ($1, 1)`,
	} {
		d.exec(t, insert, forgotten)
	}
	d.exec(t, `INSERT INTO absence_approval (absence_id, role, actor, made_at) VALUES (7, 'tutor', 'eve', 4)`)
	d.exec(t, `INSERT INTO import (kind, digest, actor, applied_at, summary) VALUES ('students', $1, 'eve', 1, $2)`, []byte("x"),
		`{"added":2,"changed":0,"removed":0,"unchanged":0,"examples":["student `+forgotten+` `+theirName+`: new"]}`)
	b := a.batch(t, records...)
	d.checkSealed(t, "gw-a", b, 3)
	return d, a, b
}

func TestEraseLeavesNothingOfAStudent(t *testing.T) {
	d, _, b := known(t)
	salted, err := contract.DecodeRecord(b.Records[1])
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{"number": []byte(forgotten), "name": []byte(theirName), "digest": salted.Tap.Digest[:], "salt": salted.Salt[:]}
	for what, secret := range secrets {
		if len(d.mentions(t, secret)) == 0 {
			t.Fatalf("the %s is nowhere to begin with, so this shows nothing", what)
		}
	}
	would, err := d.store.WouldErase(t.Context(), forgotten)
	if err != nil || would.Records != 1 || len(d.column(t, `SELECT id FROM student WHERE id = $1`, forgotten)) != 1 {
		t.Errorf("WouldErase = %+v, %v; want one record, and the student still there", would, err)
	}
	done, err := d.store.Erase(t.Context(), forgotten, byEve)
	if err != nil || done != would {
		t.Errorf("Erase = %+v, %v; want what was counted before, %+v", done, err, would)
	}
	for what, secret := range secrets {
		if places := d.mentions(t, secret); len(places) > 0 {
			t.Errorf("the %s is still in %v", what, places)
		}
	}
	if got := fmt.Sprint(d.column(t, `SELECT actor || ': ' || reason || ' ' || records FROM erasure`)); got != "[eve: request of 1 October 1]" {
		t.Errorf("on record is %s", got)
	}
	if got := d.column(t, `SELECT id FROM student`); fmt.Sprint(got) != "[other]" {
		t.Errorf("students = %v, want the other", got)
	}
	if n, err := d.store.Judgements().WrongSums(t.Context()); err != nil || n != 0 {
		t.Errorf("%d sums are wrong, %v", n, err)
	}
	if _, err := d.store.Erase(t.Context(), forgotten, byEve); !errors.Is(err, ErrNobody) {
		t.Errorf("Erase of nobody = %v, want ErrNobody", err)
	}
}

// mentions names every column with something in it, and every file of an SQLite database.
func (d *door) mentions(t *testing.T, secret []byte) (places []string) {
	t.Helper()
	for _, c := range d.everyColumn(t) {
		if strings.HasSuffix(c, "commitment") {
			continue // random to whoever lacks the salt
		}
		table, column, _ := strings.Cut(c, ".")
		err := d.store.view(t.Context(), func(tx *transaction) error {
			return each(t.Context(), tx, func(r *sql.Rows) error {
				var v []byte
				if err := r.Scan(&v); err != nil {
					return err
				}
				if bytes.Contains(v, secret) {
					places = append(places, c)
				}
				return nil
			}, `SELECT `+column+` FROM `+table)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if engine != "sqlite" {
		return places
	}
	var path string
	if err := d.store.read.QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, path + "-wal"} {
		octets, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(octets, secret) {
			places = append(places, "file "+file)
		}
	}
	return places
}

func (d *door) everyColumn(t *testing.T) []string {
	t.Helper()
	if engine == "postgres" {
		return d.column(t, `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema()
			AND data_type IN ('text', 'bytea') AND table_name NOT IN ('goose_db_version') AND table_name IN (SELECT tablename FROM pg_tables)`)
	}
	return d.column(t, `SELECT t.name || '.' || c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND c.type IN ('TEXT', 'BLOB')`)
}

// What was erased may be sent again, by its gateway or a neighbour: it is known, and not a second history.
func TestErasedRecordsAreKnownWhenTheyComeAgain(t *testing.T) {
	d, a, b := known(t)
	if _, err := d.store.Erase(t.Context(), forgotten, byEve); err != nil {
		t.Fatal(err)
	}
	receipt, err := d.intake.Ingest(t.Context(), "gw-b", b)
	if err != nil || receipt.Known != 3 || receipt.Stored != 0 {
		t.Errorf("Ingest = %+v, %v; want three known records", receipt, err)
	}
	d.checkSealed(t, "gw-a", a.batch(t, taps(4, 2)...), 5)
	forged := b
	forged.Records = [][]byte{b.Records[0], batchOf(t, streamA, 2, tapAt(nine, "w26:6:66")).Records[0], b.Records[2]}
	if _, err := d.intake.Ingest(t.Context(), "gw-a", forged); !errors.Is(err, ingest.ErrFork) {
		t.Errorf("Ingest of another record in place of the erased one = %v, want ErrFork", err)
	}
}

// A record that was changed is not erased, since nobody could find out any more; nor one of which the gateway would send more.
func TestWhatIsNotErased(t *testing.T) {
	for _, tt := range []struct {
		name, change string
		want         error
	}{
		{"a record that is not what it committed to", `UPDATE record SET octets = (SELECT octets FROM record WHERE seq = 1) WHERE seq = 2`, ErrDisproved},
		{"a tap that was sent ahead", `INSERT INTO record_ahead (stream_id, seq, received_at, octets) SELECT stream_id, seq, received_at, octets FROM record WHERE seq = 2`, ErrStillAhead},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _, _ := known(t)
			d.exec(t, tt.change)
			if _, err := d.store.Erase(t.Context(), forgotten, byEve); !errors.Is(err, tt.want) {
				t.Errorf("Erase = %v, want %v", err, tt.want)
			}
			if n := len(d.column(t, `SELECT id FROM student`)); n != 2 {
				t.Errorf("%d students are left, want both", n)
			}
		})
	}
}
