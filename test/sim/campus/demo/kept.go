package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// kept is what a later start has to know of the campus.
type kept struct {
	Seed     uint64    `json:"seed"`
	MadeAt   time.Time `json:"made_at"`  // the instant the campus was made up for
	Imported bool      `json:"imported"` // people and timetable are at central
	History  int       `json:"history"`  // records of the term; 0 until all are at central
	Judged   bool      `json:"judged"`   // and every mark has followed
	Rounds   []round   `json:"rounds"`   // classes of the last hours that were on while somebody looked
	path     string
}

// round is a set of classes that was put on at once; it can be made up again from this.
type round struct {
	At        time.Time `json:"at"`
	ShortEnd  time.Time `json:"short_end"`
	Cancelled []string  `json:"cancelled,omitempty"` // classes that a later start ended early
}

// recent is how long taps of earlier classes may still count: longer than a register is open.
const recent = 3 * time.Hour

// add keeps a new round and forgets those that matter no more.
func (k *kept) add(r round) error {
	k.Rounds = slices.DeleteFunc(k.Rounds, func(old round) bool { return r.At.Sub(old.At) > recent })
	k.Rounds = append(k.Rounds, r)
	return k.save()
}

// cancel keeps which classes were ended early.
func (k *kept) cancel(ids []string) error {
	for i := range k.Rounds {
		k.Rounds[i].Cancelled = append(k.Rounds[i].Cancelled, ids...)
	}
	return k.save()
}

// classes are the classes of earlier rounds as they stand now.
func (k *kept) classes(c *campus.Campus) []model.Session {
	var all []model.Session
	for _, r := range k.Rounds {
		for _, s := range c.Live(r.At, r.ShortEnd) {
			s.Cancelled = slices.Contains(r.Cancelled, s.ID)
			all = append(all, s)
		}
	}
	return all
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
