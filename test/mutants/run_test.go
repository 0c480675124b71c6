package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	const out = `{"Action":"run","Test":"TestA"}
{"Action":"run","Test":"TestA/one"}
{"Action":"fail","Test":"TestA/one"}
{"Action":"fail","Test":"TestA"}
{"Action":"run","Test":"TestB"}
{"Action":"pass","Test":"TestB"}
{"Action":"run","Test":"TestC"}
FAIL: something that is no event
{"Action":"fail"}
`
	want := outcome{passed: []string{"TestB"}, failed: []string{"TestA", "TestC"}}
	if diff := cmp.Diff(parse([]byte(out)), want, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("parse (-got +want):\n%s", diff)
	}
	if got := parse([]byte("gateway/tap.go:1:1: syntax error\n")); len(got.passed)+len(got.failed) != 0 {
		t.Errorf("what does not build is not caught: %+v", got)
	}
}

func TestVerdict(t *testing.T) {
	v := verdict{mutant: mutant{name: "m", bug: "a bug"}}
	v.hear(check{pkg: "./p", tests: []string{"TestA", "TestB", "TestC"}}, outcome{passed: []string{"TestB"}, failed: []string{"TestA", "TestOther"}})
	want := "| mutant | planted bug | caught by | missed by |\n|---|---|---|---|\n| `m` | a bug | `p.TestA` | `p.TestB`, `p.TestC` |\n"
	if diff := cmp.Diff(table([]verdict{v}), want); diff != "" {
		t.Errorf("table (-got +want):\n%s", diff)
	}
	if err := missed([]verdict{v}); !errors.Is(err, errMissed) {
		t.Errorf("missed = %v, want %v", err, errMissed)
	}
	v.missed = nil
	if err := missed([]verdict{v}); err != nil {
		t.Errorf("all was caught, and missed = %v", err)
	}
}

// The simulation is to see every planted bug: what it does not see it cannot have tested.
func TestSimulationIsToCatchEveryMutant(t *testing.T) {
	for _, m := range mutants {
		if !slices.ContainsFunc(m.by, func(c check) bool { return c.pkg == simulation.pkg }) {
			t.Errorf("%s is not tried in the simulation", m.name)
		}
	}
}

// Each planted bug is in the list, and each of the list is planted: a file with its tag, and one that gives way to it.
func TestEveryMutantIsPlanted(t *testing.T) {
	planted, gives := map[string]bool{}, map[string]bool{}
	for _, part := range []string{"../../gateway", "../../central", "../../drivers"} {
		err := filepath.WalkDir(part, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			constraint, ok := strings.CutPrefix(strings.SplitN(string(text), "\n", 2)[0], "//go:build ")
			if !ok {
				return nil
			}
			for term := range strings.SplitSeq(constraint, " && ") {
				if name, ok := strings.CutPrefix(term, "!mutant_"); ok {
					gives[name] = true
				} else if name, ok := strings.CutPrefix(term, "mutant_"); ok {
					planted[name] = filepath.Base(path) == "mutant_"+name+".go"
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]bool{}
	for _, m := range mutants {
		want[m.name] = true
	}
	if diff := cmp.Diff(planted, want); diff != "" {
		t.Errorf("planted (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(gives, want); diff != "" {
		t.Errorf("gives way (-got +want):\n%s", diff)
	}
}
