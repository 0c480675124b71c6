package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/readme"
)

func main() {
	only := flag.String("only", "", "names of mutants, separated by commas; empty is all")
	file := flag.String("readme", "", "file whose section gets the table; empty prints it alone")
	commit := flag.String("commit", "unknown", "what is judged, for the table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, chosen(*only), *file, *commit); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run judges the tests, and writes down who caught what if all did.
func run(ctx context.Context, chosen []mutant, file, commit string) error {
	began := time.Now()
	verdicts, err := judge(ctx, chosen)
	if err != nil {
		return err
	}
	text := table(verdicts)
	fmt.Print(text)
	if err := missed(verdicts); err != nil || file == "" {
		return err
	}
	return readme.Write(file, "bench", fmt.Sprintf("Written by `make outage-mutants` on %s, at commit %s, in %v.\n\n%s",
		began.UTC().Format("2006-01-02 15:04 UTC"), commit, time.Since(began).Round(time.Second), text))
}

func chosen(only string) []mutant {
	if only == "" {
		return mutants
	}
	names := strings.Split(only, ",")
	return slices.DeleteFunc(slices.Clone(mutants), func(m mutant) bool { return !slices.Contains(names, m.name) })
}

var (
	errNone    = errors.New("no such mutant")
	errMissed  = errors.New("planted bugs were missed: tests that are to catch them cannot")
	errUnsound = errors.New("tests fail without a planted bug, so they show nothing")
)

// verdict is who caught a mutant, and who did not.
type verdict struct {
	mutant
	caught, missed []string // package.Test
}

// judge runs every check of the mutants, first on the sound code and then on each mutant.
func judge(ctx context.Context, chosen []mutant) ([]verdict, error) {
	if len(chosen) == 0 {
		return nil, errNone
	}
	if err := sound(ctx, chosen); err != nil {
		return nil, err
	}
	var all []verdict
	for _, m := range chosen {
		v := verdict{mutant: m}
		for _, c := range m.by {
			o, err := c.run(ctx, "mutant_"+m.name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, err)
			}
			v.hear(c, o)
		}
		fmt.Fprintf(os.Stderr, "mutants: %s: %d caught it, %d missed it\n", m.name, len(v.caught), len(v.missed))
		all = append(all, v)
	}
	return all, nil
}

// sound makes sure that the tests pass on the code as it is.
func sound(ctx context.Context, chosen []mutant) error {
	passed := map[string]bool{}
	for _, m := range chosen {
		for _, c := range m.by {
			key := c.pkg + strings.Join(c.tests, "|")
			if passed[key] {
				continue
			}
			o, err := c.run(ctx, "")
			if err != nil {
				return err
			}
			if len(o.failed) > 0 {
				return fmt.Errorf("%w: %s of %s", errUnsound, strings.Join(o.failed, ", "), c.pkg)
			}
			passed[key] = true
		}
	}
	return nil
}

// hear sorts the tests of a check by whether they failed. One that did not run caught nothing.
func (v *verdict) hear(c check, o outcome) {
	for _, test := range c.tests {
		name := strings.TrimPrefix(c.pkg, "./") + "." + test
		if slices.Contains(o.failed, test) {
			v.caught = append(v.caught, name)
		} else {
			v.missed = append(v.missed, name)
		}
	}
}

// missed is nil when every test caught what it is to catch.
func missed(verdicts []verdict) error {
	var all []string
	for _, v := range verdicts {
		for _, test := range v.missed {
			all = append(all, v.name+" by "+test)
		}
	}
	if len(all) > 0 {
		return fmt.Errorf("%w: %s", errMissed, strings.Join(all, "; "))
	}
	return nil
}

// table is Markdown.
func table(verdicts []verdict) string {
	var b strings.Builder
	b.WriteString("| mutant | planted bug | caught by | missed by |\n|---|---|---|---|\n")
	for _, v := range verdicts {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", v.name, v.bug, list(v.caught), list(v.missed))
	}
	return b.String()
}

func list(tests []string) string {
	if len(tests) == 0 {
		return "nobody"
	}
	return "`" + strings.Join(tests, "`, `") + "`"
}
