package skew

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed overlay
var overlays embed.FS

const product = "github.com/rollcall-edge/rollcall"

// patch changes one place of Go's own source and puts a file of ours beside it.
type patch struct {
	file     string // within GOROOT
	old, new string // old stands in it once
	ours     string // in overlay/
}

var patches = []patch{
	{
		file: "src/time/time.go",
		old:  "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n",
		new:  "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n\tsec, nsec = skewed(sec, nsec)\n",
		ours: "time.go.txt",
	},
	{
		file: "src/os/file.go",
		old:  "func ReadFile(name string) ([]byte, error) {\n",
		new:  "func ReadFile(name string) ([]byte, error) {\n\tname = skewed(name)\n",
		ours: "os.go.txt",
	},
}

// covered are the calls of the product that ask the kernel for a clock, and what they become. Go does not let an overlay
// change golang.org/x/sys itself.
var covered = strings.NewReplacer("unix.ClockGettime(", "skewedGettime(", "unix.ClockAdjtime(", "skewedAdjtime(")

// uncovered are calls that would read the machine's own clocks.
var uncovered = []string{
	"unix.Adjtimex(", "unix.Gettimeofday(", "unix.Time(", "unix.TimerfdCreate(", "unix.Settimeofday(", "unix.ClockSettime(",
	"syscall.Gettimeofday(", "syscall.Adjtimex(", "syscall.Time(",
}

const skewedFile = "skewed_clock.go" // our file in each package that is changed

// Overlay writes the overlay for the product's programs, as the module at dir sees it, into the folder out, and returns the file
// for go build -overlay. It fails when Go's source is no longer what it knows how to change, and when the product reads a
// clock in a way that is not covered.
func Overlay(ctx context.Context, dir, out string) (file string, err error) {
	goRoot, err := ask(ctx, dir, "env", "GOROOT")
	if err != nil {
		return "", err
	}
	source, err := ask(ctx, dir, "list", "-m", "-f", "{{.Dir}}", product)
	if err != nil {
		return "", err
	}
	o := overlay{Replace: map[string]string{}, out: out}
	for _, p := range patches {
		if err := o.apply(goRoot, p); err != nil {
			return "", err
		}
	}
	if err := o.cover(source); err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(o, "", "\t")
	if err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	file = filepath.Join(out, "overlay.json")
	return file, os.WriteFile(file, text, 0o600)
}

func ask(ctx context.Context, dir string, args ...string) (string, error) {
	var faults bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stderr = dir, &faults
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, bytes.TrimSpace(faults.Bytes()))
	}
	return strings.TrimSpace(string(out)), nil
}

// overlay is the document that go build reads: which file is to be read instead of which.
type overlay struct {
	Replace map[string]string

	out string
}

func (o *overlay) apply(root string, p patch) error {
	path := filepath.Join(root, p.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what the overlay changes: %w", err)
	}
	if n := strings.Count(string(text), p.old); n != 1 {
		return fmt.Errorf("%s has changed: %q stands in it %d times, want once; look at it and bring skew up to date", path, p.old, n)
	}
	if err := o.put(path, strings.Replace(string(text), p.old, p.new, 1)); err != nil {
		return err
	}
	ours, err := overlays.ReadFile("overlay/" + p.ours)
	if err != nil {
		return fmt.Errorf("write overlay: %w", err)
	}
	return o.put(filepath.Join(filepath.Dir(path), skewedFile), string(ours))
}

// cover changes every file of the product that asks the kernel for a clock.
func (o *overlay) cover(root string) error {
	before := len(o.Replace)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "test"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		return o.coverFile(path)
	})
	if err == nil && len(o.Replace) == before {
		err = fmt.Errorf("nothing in %s asks the kernel for a clock: bring skew up to date", root)
	}
	return err
}

func (o *overlay) coverFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what the overlay changes: %w", err)
	}
	for _, call := range uncovered {
		if bytes.Contains(text, []byte(call)) {
			return fmt.Errorf("%s reads a clock by %s), which the overlay does not cover: bring skew up to date", path, call)
		}
	}
	changed := covered.Replace(string(text))
	if changed == string(text) {
		return nil
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path, text, parser.PackageClauseOnly)
	if err != nil {
		return fmt.Errorf("read what the overlay changes: %w", err)
	}
	if err := o.put(path, changed); err != nil {
		return err
	}
	ours, err := overlays.ReadFile("overlay/clock.go.txt")
	if err != nil {
		return fmt.Errorf("write overlay: %w", err)
	}
	return o.put(filepath.Join(filepath.Dir(path), skewedFile), strings.Replace(string(ours), "package clock", "package "+parsed.Name.Name, 1))
}

func (o *overlay) put(path, text string) error {
	copied := filepath.Join(o.out, strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "+"))
	if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write overlay: %w", err)
	}
	o.Replace[path] = copied
	return nil
}

// Build builds packages of the module at dir as they are shipped, but with the overlay, into the folder bin, which holds
// nothing else. args are packages, and flags before them. It makes sure that what it built reads shared clocks: a careless
// build would test the machine's own clock, and pass.
func Build(ctx context.Context, dir, overlay, bin string, args ...string) error {
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-overlay", overlay, "-o", bin + "/"}, args...)...) //nolint:gosec // a test's own words
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build with skewed clocks: %w\n%s", err, out)
	}
	return Check(bin)
}

// Check makes sure that every program in the folder bin reads shared clocks.
func Check(bin string) error {
	programs, err := filepath.Glob(filepath.Join(bin, "*"))
	if err != nil || len(programs) == 0 {
		return fmt.Errorf("build with skewed clocks: nothing stands in %s: %w", bin, err)
	}
	for _, program := range programs {
		if text, err := os.ReadFile(program); err != nil || !bytes.Contains(text, []byte(variable)) {
			return fmt.Errorf("build with skewed clocks: %s does not read shared clocks: %w", program, err)
		}
	}
	return nil
}
