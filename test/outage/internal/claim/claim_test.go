package claim

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

const claimAndDie = "ROLLCALL_CLAIM_AND_DIE"

// A process that claims a name and ends without a word, as one that was killed.
func TestMain(m *testing.M) {
	if os.Getenv(claimAndDie) == "" {
		os.Exit(m.Run())
	}
	if _, err := Make("test"); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func TestSweepRemovesWhatTheDeadLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ours, err := Make("test")
	if err != nil {
		t.Fatal(err)
	}
	dead := exec.Command(os.Args[0])
	dead.Env = append(os.Environ(), claimAndDie+"=1")
	if out, err := dead.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := swept(t); len(got) != 1 || got[0] == ours.Name {
		t.Fatalf("swept %q, want the one name of the process that ended, not %q", got, ours.Name)
	}
	if got := swept(t); len(got) != 0 {
		t.Errorf("swept %q a second time", got)
	}
	if err := ours.Release(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestNamesDiffer(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var names []string
	for range 20 {
		c, err := Make("test")
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, c.Name)
	}
	slices.Sort(names)
	if got := len(slices.Compact(names)); got != 20 {
		t.Errorf("%d different names, want 20", got)
	}
}

func swept(t *testing.T) (names []string) {
	t.Helper()
	if err := Sweep("test", func(name string) error { names = append(names, name); return nil }); err != nil {
		t.Fatal(err)
	}
	return names
}
