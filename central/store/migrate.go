package store

import (
	"context"
	"embed"
	"io"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the schema up to date.
func (s *Store) migrate(ctx context.Context) error {
	provider, err := goose.NewProvider(s.dialect.goose, s.write.DB, rendered{migrationFiles(), s.dialect.types})
	if err != nil {
		return err
	}
	if pending, err := provider.HasPending(ctx); err != nil || !pending {
		return err
	}
	return s.dialect.alone(ctx, s, func(ctx context.Context) error {
		_, err := provider.Up(ctx)
		return err
	})
}

func migrationFiles() fs.FS {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the name above is not one of a folder
	}
	return files
}

// rendered is the migrations in the words of one engine.
type rendered struct {
	fs.FS
	types *strings.Replacer
}

// Open renders a file; directories are as they are.
func (r rendered) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return renderedFile{f, strings.NewReader(r.types.Replace(string(text)))}, nil
}

type renderedFile struct {
	fs.File
	text *strings.Reader
}

func (f renderedFile) Read(b []byte) (int, error) { return f.text.Read(b) }
