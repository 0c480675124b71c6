package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// kept is what a later start has to know of the campus.
type kept struct {
	Seed     uint64    `json:"seed"`
	MadeAt   time.Time `json:"made_at"`  // the instant the campus was made up for
	Imported bool      `json:"imported"` // people and timetable are at central
	History  int       `json:"history"`  // records of the term; 0 until all are at central
	Judged   bool      `json:"judged"`   // and every mark has followed
	path     string
}

// open reads what was kept in dir, or begins anew with the seed.
func open(dir string, seed uint64, now time.Time) (*kept, error) {
	k := &kept{Seed: seed, MadeAt: now.UTC().Round(0), path: filepath.Join(dir, "campus.json")}
	text, err := os.ReadFile(k.path)
	if errors.Is(err, os.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(text, k)
	}
	if err != nil {
		return nil, fmt.Errorf("open campus: %w; begin anew with: make clean", err)
	}
	return k, nil
}

// save keeps what has been reached, so that an interrupted start goes on from there.
func (k *kept) save() error {
	text, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return fmt.Errorf("keep campus: %w", err)
	}
	fresh := k.path + ".new"
	if err := os.WriteFile(fresh, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep campus: %w", err)
	}
	if err := os.Rename(fresh, k.path); err != nil {
		return fmt.Errorf("keep campus: %w", err)
	}
	return nil
}
