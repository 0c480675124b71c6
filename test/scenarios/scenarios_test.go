// Package scenarios plays every scenario of this folder, on each engine of the database.
package scenarios

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/scenario"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/store/storetest"
)

// empty has central's schema and nothing in it.
var empty = storetest.Template{Prepare: func(ctx context.Context, database string) error {
	s, err := store.Open(ctx, store.Place{Database: database})
	if err != nil {
		return err
	}
	return s.Close()
}}

// both are the scenarios that are played on PostgreSQL too: each source, and what comes late. That every query says the same on
// both engines is for the store's own tests.
var both = []string{
	"portsmouth.yaml", "imperial.yaml", "bedfordshire.yaml", "stmarys.yaml", "college.yaml", "lost-building.yaml", "judged-again.yaml", "integrity.yaml", "clocks.yaml",
}

func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d scenarios, %v", len(files), err)
	}
	for _, engine := range []struct {
		name     string
		files    []string
		database func(testing.TB) string
	}{{"sqlite", files, empty.SQLite}, {"postgres", both, empty.Postgres}} {
		for _, file := range engine.files {
			t.Run(engine.name+"/"+strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
				t.Parallel()
				play(t, file, engine.database(t))
			})
		}
	}
}

func play(t *testing.T, file, database string) {
	t.Helper()
	r, err := scenario.Run(t.Context(), file, scenario.Options{Database: database})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range r.Differences {
		var text strings.Builder
		d.Print(&text)
		t.Error(text.String())
	}
	if r.Expected == 0 {
		t.Errorf("%s expects nothing", file)
	}
}

// The scenario that the README explains line by line is the one beside it.
func TestREADMEExplainsFirst(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile("first.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```yaml\n"+string(first)+"```\n") {
		t.Error("first.yaml is not what README.md shows")
	}
}

func TestREADMEListsEveryScenario(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.Contains(string(readme), "("+file+")") {
			t.Errorf("README.md does not list %s", file)
		}
	}
}
