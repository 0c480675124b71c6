package contract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden is a document as it was kept in testdata, after comparing it with what value is written as now: what was ever written
// must be read for ever, and is still written the same way.
func golden(t *testing.T, name string, value any) []byte {
	t.Helper()
	path := filepath.Join("testdata", name)
	document, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, document, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(kept), string(document)); diff != "" {
		t.Errorf("%s: encoding changed (-golden +got):\n%s", name, diff)
	}
	return kept
}
