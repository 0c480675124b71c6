package seal

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// keptDays is how many daily seals a gateway keeps: more than an academic year, some megabytes.
const keptDays = 500

// Shelf keeps central's daily seals on this gateway's disk, out of central's reach. What lies there holds central to its word:
// rollcall-central verify --day compares an export with it.
type Shelf struct {
	dir string
	log *slog.Logger

	mu   sync.Mutex // guards everything that follows
	last tree.SealedDay
	note string // what a person should know of it; empty if nothing
}

// OpenShelf reads the last daily seal in a directory, which it makes if need be. One that is damaged is passed over: central
// sends the next.
func OpenShelf(dir string, log *slog.Logger) (*Shelf, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open daily seals: %w", err)
	}
	s := &Shelf{dir: dir, log: log}
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Backward(names) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("open daily seals: %w", err)
		}
		d, err := opened(text)
		if err == nil {
			s.last = d
			return s, nil
		}
		log.Warn("daily seal passed over", slog.String("file", name), slog.Any("error", err))
	}
	return s, nil
}

// names are the files on the shelf, oldest first.
func (s *Shelf) names() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list daily seals: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// opened reads a daily seal and checks that it is signed with the key it names.
func opened(document []byte) (tree.SealedDay, error) {
	d, err := tree.ReadDay(bytes.NewReader(document))
	if err != nil {
		return d, err
	}
	_, key, err := tree.ParseVerifierKey(d.Key)
	if err != nil {
		return d, fmt.Errorf("%w: %w", tree.ErrDay, err)
	}
	_, _, err = d.Open(key)
	return d, err
}

// Keep puts a daily seal that central sent on the shelf. Days that are there already stay as they are.
func (s *Shelf) Keep(document []byte) error {
	d, err := opened(document)
	if err != nil {
		return fmt.Errorf("keep daily seal: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Day <= s.last.Day {
		return nil
	}
	if s.last.Day != "" && d.Key != s.last.Key {
		s.note = fmt.Sprintf("central signs daily seals with another key since %s: ask who changed it, and keep what lies in %s", d.Day, s.dir)
		s.log.Error("central signs daily seals with another key", slog.String("day", d.Day))
	}
	if err := writeSynced(filepath.Join(s.dir, d.Day+".json"), document); err != nil {
		return fmt.Errorf("keep daily seal of %s: %w", d.Day, err)
	}
	s.last = d
	return s.tidy()
}

// tidy lets the oldest go.
func (s *Shelf) tidy() error {
	names, err := s.names()
	if err != nil || len(names) <= keptDays {
		return err
	}
	var errs []error
	for _, name := range names[:len(names)-keptDays] {
		errs = append(errs, os.Remove(filepath.Join(s.dir, name)))
	}
	return errors.Join(errs...)
}

// Last is the newest daily seal on the shelf, with what stands for it on paper; day is empty if there is none.
func (s *Shelf) Last() (day, digest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.Day == "" {
		return "", ""
	}
	return s.last.Day, s.last.Digest().String()
}

// Warning is what a person should know of the daily seals; empty if nothing.
func (s *Shelf) Warning() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.note
}

// writeSynced writes a file whole or not at all.
func writeSynced(path string, content []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
