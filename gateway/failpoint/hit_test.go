//go:build failpoints

package failpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// passed reports with what Hit panicked, nil when it did not.
func passed(point string) (with any) {
	defer func() { with = recover() }()
	Hit(point)
	return nil
}

// A point that is armed panics once, and leaves the proof.
func TestHit(t *testing.T) {
	folder = t.TempDir()
	armed := filepath.Join(folder, JournalFlush)
	if err := os.WriteFile(armed, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := passed(JournalWrite); got != nil {
		t.Errorf("a point that is not armed: %v", got)
	}
	if got := passed(JournalFlush); got != "failpoint journal.flush" {
		t.Errorf("an armed point panicked with %v", got)
	}
	if _, err := os.Stat(armed + ".hit"); err != nil {
		t.Errorf("the proof: %v", err)
	}
	if _, err := os.Stat(armed); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is armed still: %v", err)
	}
	if got := passed(JournalFlush); got != nil {
		t.Errorf("passed again: %v", got)
	}
	folder = ""
	if got := passed(JournalFlush); got != nil {
		t.Errorf("without a folder: %v", got)
	}
}
