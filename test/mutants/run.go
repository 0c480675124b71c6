package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// event is a line of go test -json.
type event struct {
	Action string
	Test   string
}

// outcome is what became of the tests of one check.
type outcome struct {
	passed, failed []string // top-level tests
}

var errBuild = errors.New("the tests did not run")

// run runs the tests of c with one more build tag, or without. That tests fail is no error.
func (c check) run(ctx context.Context, tag string) (outcome, error) {
	args := []string{"test", "-json", "-count=1", "-timeout=10m", "-run", "^(" + strings.Join(c.tests, "|") + ")$", "-tags", c.tags + "," + tag}
	args = append(append(args, c.pkg), c.args...)
	out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return outcome{}, fmt.Errorf("run go test: %w", err)
	}
	o := parse(out)
	if len(o.passed)+len(o.failed) == 0 {
		return outcome{}, fmt.Errorf("%w: go %s\n%s", errBuild, strings.Join(args, " "), out)
	}
	return o, nil
}

// parse reads the events of go test -json. A test that began and never ended took its process along: it failed.
func parse(out []byte) outcome {
	var o outcome
	open := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Test == "" || strings.Contains(e.Test, "/") {
			continue
		}
		switch e.Action {
		case "run":
			open[e.Test] = true
		case "pass":
			delete(open, e.Test)
			o.passed = append(o.passed, e.Test)
		case "fail":
			delete(open, e.Test)
			o.failed = append(o.failed, e.Test)
		}
	}
	for test := range open {
		o.failed = append(o.failed, test)
	}
	slices.Sort(o.failed)
	return o
}
