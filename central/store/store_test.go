package store

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

var (
	emptyOnce sync.Once
	empty     []byte // a database with the schema and nothing in it
)

// openAt opens a database of its own for a test. Under the race detector the schema takes half a second, so it is made once.
func openAt(t testing.TB, path string) *Store {
	t.Helper()
	emptyOnce.Do(func() {
		model := filepath.Join(t.TempDir(), "model.db")
		s, err := Open(context.Background(), model)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil { // which moves everything from the log into the file
			t.Fatal(err)
		}
		if empty, err = os.ReadFile(model); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := os.Stat(path); os.IsNotExist(err) {
		if err := os.WriteFile(path, empty, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// The database and what SQLite keeps beside it hold names: nobody else on the machine may read them.
func TestDatabaseIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "central.db")
	s, err := Open(context.Background(), path)
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
	s := openTest(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %s, %v; want %s", pragma, got, err, want)
		}
	}
	if _, err := s.read.Exec(`DELETE FROM student`); err == nil {
		t.Error("a reader may write, want it refused")
	}
}
