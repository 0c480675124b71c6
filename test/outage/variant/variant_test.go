package variant

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../../.."

// The product's source is what the changes expect, and an overlay keeps what stood in the one before it.
func TestOverlay(t *testing.T) {
	before := filepath.Join(t.TempDir(), "before.json")
	if err := os.WriteFile(before, []byte(`{"Replace":{"/a.go":"/b.go"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := Overlay(root, before, t.TempDir(), Eager, Next)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var o struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	if len(o.Replace) != 3 || o.Replace["/a.go"] != "/b.go" {
		t.Errorf("overlay = %v, want what was there before and two more", o.Replace)
	}
	for path, copied := range o.Replace {
		if strings.HasSuffix(path, "command.go") {
			text, err := os.ReadFile(copied)
			if err != nil || !strings.Contains(string(text), "= bundlingCommand + 1") {
				t.Errorf("%s stands for %s without the newer version: %v", copied, path, err)
			}
		}
	}
}

// A place that has changed must not be passed over: the laboratory would test the shipped build, and pass.
func TestOverlayRefusesChangedSource(t *testing.T) {
	c := Next
	c.Old = "newestCommand = 99"
	if _, err := Overlay(root, "", t.TempDir(), c); err == nil || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("Overlay = %v, want that the file has changed", err)
	}
}
