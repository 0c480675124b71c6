package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"
)

// A database of first light, with policies, that has judged already: nothing it holds is lost or changed on the way to the
// present schema.
func TestOlderDatabasesAreBroughtAlong(t *testing.T) {
	place := blankPlace(t)
	older := openOlder(t, place, 2)
	for _, statement := range []string{
		`INSERT INTO module VALUES ('LAW', 'Law')`,
		`INSERT INTO student (id, name) VALUES ('s1', 'Ada'), ('s2', 'Ben')`,
		`INSERT INTO session (id, module_id, starts_at, ends_at, opens_at, closes_at) VALUES
			('mon', 'LAW', 1791187200000, 1791190800000, 1791185400000, 1791190800000), ('fri', 'LAW', 1791532800000, 1791536400000, 1791531000000, 1791536400000),
			('next', 'LAW', 1791792000000, 1791795600000, 1791790200000, 1791795600000)`,
		`INSERT INTO expected (session_id, student_id) VALUES ('mon', 's1'), ('fri', 's1'), ('next', 's1'), ('mon', 's2')`,
		`INSERT INTO standing (student_id, term_id, attended, counted, missed, pending, permille, level, judged_at) VALUES ('s1', 'autumn', 1, 2, 1, 1, 500, 1, 7)`,
		`INSERT INTO finding (student_id, term_id, rule, policy, as_of, found_at, summary, evidence) VALUES ('s1', 'autumn', 'A-2', 'college v1', 5, 6, 'First warning', '["fri"]')`,
	} {
		if _, err := older.write.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	mark := func(student, session, code, source, reason string, starts int64, stream []byte, seq any) {
		t.Helper()
		if _, err := older.write.ExecContext(t.Context(), `INSERT INTO mark
			(student_id, session_id, term_id, starts_at, code, source, reason, tap_stream, tap_seq, tapped_at, policy, judged_at)
			VALUES ($1, $2, 'autumn', $3, $4, $5, $6, $7, $8, NULL, 'college v1', 7)`, student, session, starts, code, source, reason, stream, seq); err != nil {
			t.Fatal(err)
		}
	}
	mark("s1", "mon", "P", "tap", `Tapped at "R/door", Ægir`, 1791187200000, []byte("stream01"), 42)
	mark("s1", "fri", "A", "complete", "No tap", 1791532800000, nil, nil)
	mark("s1", "next", "U", "pending", "Not known yet", 1791792000000, nil, nil)
	mark("s2", "mon", "E", "absence", "Ill", 1791187200000, nil, nil)
	if err := older.Close(); err != nil {
		t.Fatal(err)
	}

	s := openAt(t, place)
	marks, err := list(t.Context(), s.read, func(r *sql.Rows) (string, error) {
		var student, session, code, source, reason, policy string
		var stream []byte
		var seq, judged, known int64
		err := r.Scan(&student, &session, &code, &source, &reason, &stream, &seq, &policy, &judged, &known)
		return fmt.Sprintf("%s %s %s %s %q %s/%d %s %d %d", student, session, code, source, reason, hex.EncodeToString(stream), seq, policy, judged, known), err
	}, `SELECT student_id, session_id, code, source, reason, tap_stream, tap_seq, policy, judged_at, known_at FROM mark ORDER BY student_id, starts_at`)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`s1 mon P tap "Tapped at \"R/door\", Ægir" 73747265616d3031/42 college v1 7 7`,
		`s1 fri A complete "No tap" /0 college v1 7 7`,
		`s1 next U pending "Not known yet" /0 college v1 7 7`,
		`s2 mon E absence "Ill" /0 college v1 7 7`,
	}
	if diff := cmp.Diff(want, marks); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	if n, err := s.Judgements().WrongSums(t.Context()); n != 0 || err != nil {
		t.Errorf("%d sums of an older database are wrong (%v)", n, err)
	}
	var finding string
	if err := s.read.QueryRowContext(t.Context(), `SELECT rule || ' ' || scope || ' ' || step || ' ' || opens || ' ' || summary FROM finding`).Scan(&finding); err != nil {
		t.Fatal(err)
	}
	if want := "A-2 autumn first warning warning First warning"; finding != want {
		t.Errorf("finding = %q, want %q", finding, want)
	}
}

// blankPlace is a database without a schema.
func blankPlace(t *testing.T) Place {
	t.Helper()
	if engine != "postgres" {
		return Place{Database: filepath.Join(t.TempDir(), "older.db")}
	}
	place := newPlace(t)
	whole := openAt(t, place)
	run := func(statement string) {
		t.Helper()
		if _, err := whole.write.DB.ExecContext(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
	run(`CREATE SCHEMA older`)
	t.Cleanup(func() { run(`DROP SCHEMA older CASCADE`) })
	return Place{Database: place.Database + "&search_path=older"}
}

// openOlder opens a place and brings its schema as far as a version.
func openOlder(t *testing.T, place Place, version int64) *Store {
	t.Helper()
	open := func() (*Store, error) { return openSQLite(t.Context(), place.Database) }
	if place.isPostgres() {
		open = func() (*Store, error) { return openPostgres(t.Context(), place) }
	}
	s, err := open()
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(s.dialect.goose, s.write.DB, rendered{migrationFiles(), s.dialect.types})
	if err == nil {
		_, err = provider.UpTo(t.Context(), version)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}
