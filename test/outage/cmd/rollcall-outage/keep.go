package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/test/outage/lab"
	"github.com/rollcall-edge/rollcall/test/outage/timeline"
)

// keep writes the history where it was asked for. What a run that passed leaves behind is removed; of any other, everything
// stays.
func (c *common) keep(o *lab.Outcome) error {
	if c.JSON != "" {
		text, err := json.Marshal(o)
		if err == nil {
			err = os.WriteFile(c.JSON, text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("keep history: %w", err)
		}
	}
	if o.Passed() {
		return os.RemoveAll(filepath.Join(c.Dir, "site"))
	}
	path := filepath.Join(c.Dir, "timeline.html")
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("keep timeline: %w", err)
	}
	err = errors.Join(timeline.Write(f, o.History, o.Results, o.Void), f.Close())
	fmt.Printf("timeline: %s\nlogs: %s\nagain with: --seed %d\n", path, filepath.Join(c.Dir, "site", "log"), o.History.Seed)
	return err
}
