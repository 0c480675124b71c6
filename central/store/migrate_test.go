package store

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

// released are the migrations that databases in the field have been through, by the digest of their text in SQLite's words.
// Such a text never changes again: databases would differ by the day on which they were made.
var released = map[string]string{
	"00001_first_light.sql": "1683cc66e72f187f0b1d012ff8057c3b3678dd44980fa8aa65151d5b279f375c",
}

func TestReleasedMigrationsStayAsTheyWere(t *testing.T) {
	for name, want := range released {
		text := renderedMigration(t, sqliteDialect, name)
		if got := sha256.Sum256([]byte(text)); hex.EncodeToString(got[:]) != want {
			t.Errorf("%s has digest %x, want %s: write a new migration instead", name, got, want)
		}
	}
}

func renderedMigration(t *testing.T, d *dialect, name string) string {
	t.Helper()
	text, err := fs.ReadFile(rendered{migrationFiles(), d.types}, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Words that one engine does not know must be written as macros, and every macro must be known.
func TestMigrationsUseMacros(t *testing.T) {
	names, err := fs.Glob(migrationFiles(), "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("migrations = %v, %v", names, err)
	}
	foreign := regexp.MustCompile(`\b(BLOB|BYTEA|AUTOINCREMENT|(BIG)?SERIAL|ROWID|STRICT|JSONB?|TIMESTAMP(TZ)?|DATETIME|INTEGER PRIMARY KEY)\b|[{}]`)
	for _, name := range names {
		for _, d := range []*dialect{sqliteDialect, postgresDialect} {
			if text := renderedMigration(t, d, name); strings.Contains(text, "{{") {
				t.Errorf("%s has a macro that %s does not know", name, d.engine)
			}
		}
		text, err := fs.ReadFile(migrationFiles(), name)
		if err != nil {
			t.Fatal(err)
		}
		plain := regexp.MustCompile(`\{\{[a-z][^{}]*\}\}|--.*`).ReplaceAllString(string(text), "")
		if word := foreign.FindString(plain); word != "" {
			t.Errorf("%s says %q, which one of the engines does not understand; use a macro", name, word)
		}
	}
}

// Opening again changes nothing, and does not wait for whoever is writing.
func TestOpenTakesNoTurnWhenNothingIsToDo(t *testing.T) {
	place := newPlace(t)
	s := openAt(t, place)
	err := s.transact(t.Context(), func(*transaction) error {
		other, err := Open(t.Context(), place)
		if err != nil {
			return err
		}
		return other.Close()
	})
	if err != nil {
		t.Errorf("Open beside a writer = %v, want nil", err)
	}
}
