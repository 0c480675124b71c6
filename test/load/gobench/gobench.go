// Package gobench runs benchmarks that stand beside the code they measure, as `go test -bench` does, and reads back what
// they reported. It knows none of them.
package gobench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// Benchmark is one to be run.
type Benchmark struct {
	Package string   // import path or directory, e.g. "./gateway/decide"
	Name    string   // as declared, e.g. "BenchmarkDecide"
	Count   int      // how often; figures are medians
	Time    string   // of each run, as -benchtime takes it
	Args    []string // flags of the package's own tests
}

// Figures are the medians of what a benchmark reported, by name ("BenchmarkReplicate/readers=16") and unit ("ns/op").
type Figures map[string]map[string]float64

// ErrSilent means that a benchmark reported nothing.
var ErrSilent = errors.New("the benchmark reported nothing")

// Run runs a benchmark in the module at dir.
func Run(ctx context.Context, dir string, b Benchmark) (Figures, error) {
	c := exec.CommandContext(ctx, "go", "test", //nolint:gosec // our own benchmarks
		b.Package, "-run", "^$", "-bench", "^"+b.Name+"$", "-benchmem",
		"-count", strconv.Itoa(b.Count), "-benchtime", b.Time, "-timeout", "2h")
	c.Args = append(c.Args, b.Args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w: %s", b.Name, err, out)
	}
	f := parse(string(out))
	if len(f) == 0 {
		return nil, fmt.Errorf("run %s: %w: %s", b.Name, ErrSilent, out)
	}
	return f, nil
}

// result is a line such as "BenchmarkX/a=1-2  100  12.5 ns/op  0 B/op": name, processors, runs, and pairs of value and unit.
var result = regexp.MustCompile(`^(Benchmark\S*?)(?:-\d+)?\s+\d+\s+(\S.*)$`)

func parse(output string) Figures {
	all := map[string]map[string][]float64{}
	for line := range strings.Lines(output) {
		m := result.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if all[m[1]] == nil {
			all[m[1]] = map[string][]float64{}
		}
		fields := strings.Fields(m[2])
		for i := 0; i+1 < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
				all[m[1]][fields[i+1]] = append(all[m[1]][fields[i+1]], v)
			}
		}
	}
	f := Figures{}
	for name, units := range all {
		f[name] = map[string]float64{}
		for unit, values := range units {
			f[name][unit] = sample.Median(values)
		}
	}
	return f
}
