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
	"text/tabwriter"
)

func main() {
	only := flag.String("only", "", "names of mutants, separated by commas; empty is all")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := judge(ctx, chosen(*only)); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func chosen(only string) []mutant {
	if only == "" {
		return mutants
	}
	names := strings.Split(only, ",")
	return slices.DeleteFunc(slices.Clone(mutants), func(m mutant) bool { return !slices.Contains(names, m.name) })
}

var (
	errNone     = errors.New("no such mutant")
	errSurvived = errors.New("planted bugs survived: the tests that are to catch them cannot")
	errUnsound  = errors.New("tests fail without a planted bug, so they show nothing")
)

// judge runs every check of the mutants, first on the sound code and then on each mutant, and prints who caught what.
func judge(ctx context.Context, chosen []mutant) error {
	if len(chosen) == 0 {
		return errNone
	}
	if err := sound(ctx, chosen); err != nil {
		return err
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "mutant\tplanted bug\tcaught by")
	var survived []string
	for _, m := range chosen {
		caught, err := m.caughtBy(ctx)
		if err != nil {
			return err
		}
		by := strings.Join(caught, ", ")
		if len(caught) == 0 {
			survived, by = append(survived, m.name), "NOBODY"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.name, m.bug, by)
		fmt.Fprintf(os.Stderr, "mutants: %s was judged\n", m.name)
	}
	if len(survived) > 0 {
		return fmt.Errorf("%w: %s", errSurvived, strings.Join(survived, ", "))
	}
	return nil
}

// sound makes sure that the tests pass on the code as it is.
func sound(ctx context.Context, chosen []mutant) error {
	for _, m := range chosen {
		for _, c := range m.by {
			o, err := c.run(ctx, "")
			if err != nil {
				return err
			}
			if len(o.failed) > 0 {
				return fmt.Errorf("%w: %s of %s", errUnsound, strings.Join(o.failed, ", "), c.pkg)
			}
		}
	}
	return nil
}

// caughtBy names the tests that fail when the bug is planted.
func (m mutant) caughtBy(ctx context.Context) ([]string, error) {
	var caught []string
	for _, c := range m.by {
		o, err := c.run(ctx, "mutant_"+m.name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		for _, test := range o.failed {
			caught = append(caught, strings.TrimPrefix(c.pkg, "./")+"."+test)
		}
	}
	return caught, nil
}
