package system

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

const module = "github.com/rollcall-edge/rollcall/"

// bin holds the programs, built anew for each run of the tests.
var bin string

func TestMain(m *testing.M) {
	if program := os.Getenv(inOwnNetwork); program != "" {
		fmt.Fprintln(os.Stderr, enterNetwork(program, os.Args[1:]))
		os.Exit(1)
	}
	os.Exit(run(m))
}

// together is how many tests run at once: they mostly wait for clocks, elections and back-offs.
const together = "4"

func run(m *testing.M) (status int) {
	flag.Parse()
	if !given("test.parallel") {
		if err := flag.Set("test.parallel", together); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin) //nolint:errcheck // a temporary directory
	if status = m.Run(); status != 0 {
		return status
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// given reports whether a flag stands on the command line.
func given(name string) (yes bool) {
	flag.Visit(func(f *flag.Flag) { yes = yes || f.Name == name })
	return yes
}

// build makes the programs as they are shipped, without cgo.
func build() (err error) {
	if bin, err = os.MkdirTemp("", "rollcall-system-"); err != nil {
		return fmt.Errorf("make room for programs: %w", err)
	}
	build := exec.Command("go", "build", "-trimpath", "-o", bin+"/",
		module+"gateway/cmd/rollcall-gateway", module+"central/cmd/rollcall-central", module+"test/sim/cmd/rollcall-campus")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build programs: %w\n%s", err, out)
	}
	return look()
}

// look opens every folder the programs are made of: go test caches a pass by the files that a test opened, and would
// otherwise not run these again when a program changes.
func look() error {
	for _, part := range []string{"central", "config", "drivers", "gateway", "test/sim"} {
		err := filepath.WalkDir(filepath.Join("../..", part), func(string, fs.DirEntry, error) error { return nil })
		if err != nil {
			return fmt.Errorf("look at %s: %w", part, err)
		}
	}
	return nil
}

// What is shipped has no places at which somebody could end it: only the outage laboratory builds those in.
func TestShippedProgramsHaveNoFailpoints(t *testing.T) {
	for _, name := range []string{"rollcall-gateway", "rollcall-central"} {
		program, err := os.ReadFile(filepath.Join(bin, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(program, []byte("ROLLCALL_FAILPOINTS")) {
			t.Errorf("%s has failpoints", name)
		}
		if !bytes.Contains(program, []byte("rollcall")) {
			t.Errorf("%s cannot be looked into", name)
		}
	}
}
