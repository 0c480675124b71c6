package store

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// The database and what SQLite keeps beside it hold names: nobody else on the machine may read them.
func TestDatabaseIsPrivate(t *testing.T) {
	only(t, "sqlite")
	path := filepath.Join(t.TempDir(), "new", "central.db")
	s, err := Open(context.Background(), Place{Database: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", filepath.Base(name), info.Mode().Perm())
		}
	}
}

// What gateways are told is on disk must be on disk.
func TestCommitsAreDurable(t *testing.T) {
	only(t, "sqlite")
	s := openTest(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %s, %v; want %s", pragma, got, err, want)
		}
	}
}
