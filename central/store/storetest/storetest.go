// Package storetest gives each test a database of its own, on SQLite and on PostgreSQL. It knows nothing of what is kept in
// it: whoever asks says how an empty database is prepared, once, and gets copies of that.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Template is a prepared database of which tests get copies: a schema takes longer to make than to copy.
type Template struct {
	Prepare func(ctx context.Context, database string) error // opens the file or URL, makes the schema and closes it

	file     sync.Once
	content  []byte
	fileErr  error
	model    sync.Once
	modelErr error
	shelf    shelf
}

// SQLite returns the path of a new copy.
func (m *Template) SQLite(t testing.TB) string {
	t.Helper()
	m.file.Do(func() { m.content, m.fileErr = m.prepareFile() })
	if m.fileErr != nil {
		t.Fatalf("prepare database: %v", m.fileErr)
	}
	path := filepath.Join(t.TempDir(), "central.db")
	if err := os.WriteFile(path, m.content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (m *Template) prepareFile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "storetest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.db")
	if err := m.Prepare(context.Background(), path); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has a log beside it: a copy of the file would lack what is in the log", path)
	}
	return os.ReadFile(path)
}

// Postgres returns the URL of a copy that no other test uses. Before the test ends it must have closed it and undone what it
// did to the schema. The server is started by the first who asks, and ends with the test binary.
func (m *Template) Postgres(t testing.TB) string {
	t.Helper()
	s := running(t)
	m.model.Do(func() { m.modelErr = m.prepareModel(s) })
	if m.modelErr != nil {
		t.Fatalf("prepare database: %v", m.modelErr)
	}
	name, err := m.shelf.take(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.shelf.back(s, name); err != nil {
			t.Error(err)
		}
	})
	return s.url(name)
}

func (m *Template) prepareModel(s *server) (err error) {
	if err := s.exec("postgres", "CREATE DATABASE model"); err != nil {
		return err
	}
	if err := m.Prepare(context.Background(), s.url("model")); err != nil {
		return err
	}
	m.shelf.wipe, err = wiper(s)
	return err
}
