package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/policy"
)

type policies struct {
	List   policyList   `cmd:"" help:"List the versions in this database, and the policies to start from."`
	Show   policyShow   `cmd:"" help:"Print a policy to start from, to be edited."`
	Check  policyCheck  `cmd:"" help:"Check a policy file; every fault is printed with its line."`
	Try    policyTry    `cmd:"" help:"Say whose standing a policy would change, and change nothing."`
	Import policyImport `cmd:"" help:"Put a policy in force from its day on."`
}

type policyList struct{ from }

// Run lists what is in force and when, and what ships.
func (l *policyList) Run(ctx context.Context, log *slog.Logger) error {
	return l.office(ctx, log, func(o *central.Office) error {
		book, err := o.Policies.Book(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "VERSION\tFROM\tNOT FROM POLICY\tTITLE")
		for _, p := range book.Versions() {
			fmt.Fprintf(w, "%s\t%s\t%d values\t%s\n", p.ID(), p.From, len(p.NotFromPolicy), p.Title)
		}
		fmt.Fprintf(w, "\nto start from: %v\n", central.ShippedPolicies())
		return w.Flush()
	})
}

type policyShow struct {
	Name string `arg:"" help:"college, portsmouth, imperial, bedfordshire, stmarys or blank."`
}

// Run prints the file.
func (s *policyShow) Run() error {
	text, err := central.ShippedPolicy(s.Name)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}

type policyCheck struct {
	File string `arg:"" type:"existingfile" help:"Policy file."`
}

// Run needs no database.
func (c *policyCheck) Run() error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	p, err := policy.Parse(c.File, text)
	if err != nil {
		return err
	}
	fmt.Printf("%s: good: %s, from %s, %d values not from policy\n", c.File, p.ID(), p.From, len(p.NotFromPolicy))
	return nil
}

type policyTry struct {
	from
	File  string `arg:"" type:"existingfile" help:"Policy file."`
	Since string `help:"Try it from this day on instead of its own, yyyy-mm-dd."`
}

// Run judges everybody by the book with the file in it, in memory.
func (t *policyTry) Run(ctx context.Context, log *slog.Logger) error {
	var since calendar.Day
	if t.Since != "" {
		var err error
		if since, err = calendar.ParseDay(t.Since); err != nil {
			return fmt.Errorf("--since: %w", err)
		}
	}
	text, err := os.ReadFile(t.File)
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	return t.office(ctx, log, func(o *central.Office) error {
		report := differences{w: os.Stdout}
		p, students, err := o.TryPolicy(ctx, filepath.Base(t.File), text, since, report.print)
		if err != nil {
			return err
		}
		fmt.Printf("%s from %s: %d of %d students would be judged differently, %d marks; nothing was changed\n", p.ID(), p.From, report.students, students, report.marks)
		return nil
	})
}

type policyImport struct {
	from
	File string `arg:"" type:"existingfile" help:"Policy file."`
}

// Run imports; a serving central judges everybody concerned again.
func (i *policyImport) Run(ctx context.Context, log *slog.Logger) error {
	text, err := os.ReadFile(i.File)
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	return i.office(ctx, log, func(o *central.Office) error {
		p, err := o.Policies.Import(ctx, filepath.Base(i.File), text, actor())
		if err != nil {
			return err
		}
		fmt.Printf("%s is in force from %s\n", p.ID(), p.From)
		return nil
	})
}

type rebuild struct {
	from
	Check bool `help:"Only compare what is stored with what the facts give; ends with status 1 when they differ."`
}

// Run derives all judgements again, or compares.
func (r *rebuild) Run(ctx context.Context, log *slog.Logger) error {
	return r.office(ctx, log, func(o *central.Office) error {
		if !r.Check {
			students, err := o.Rebuild(ctx)
			if err == nil {
				fmt.Printf("%d students judged from the facts\n", students)
			}
			return err
		}
		report := differences{w: os.Stdout}
		students, err := o.CheckJudgements(ctx, report.print)
		if err != nil {
			return err
		}
		differ := report.students
		if report.university {
			differ++
		}
		fmt.Printf("%d students compared, %d differ\n", students, differ)
		if differ > 0 {
			return errDiffer
		}
		return nil
	})
}

// differences prints whose judgement is another, and why.
type differences struct {
	w               io.Writer
	students, marks int
	university      bool // what is about no single student differs
}

func (d *differences) print(diff judge.Difference) {
	if diff.Student == "" {
		d.printUniversity(diff)
		return
	}
	d.students++
	d.marks += diff.Marks
	fmt.Fprintf(d.w, "%s: %d marks differ, %d findings new, %d no longer follow\n", diff.Student, diff.Marks, len(diff.Found), diff.Gone)
	for _, after := range diff.After {
		if before := standingOf(diff.Before, after.Term); before.Level != after.Level || before.Tally != after.Tally {
			fmt.Fprintf(d.w, "  %s: %s (%d of %d) becomes %s (%d of %d)\n", term(after.Term), before.Level, before.Attended, before.Counted,
				after.Level, after.Attended, after.Counted)
		}
	}
	for _, f := range diff.Found {
		fmt.Fprintf(d.w, "  %s on %s: %s\n", f.Rule, calendar.DayOf(f.AsOf), f.Summary)
	}
}

func (d *differences) printUniversity(diff judge.Difference) {
	d.university = true
	if diff.Sums > 0 {
		fmt.Fprintf(d.w, "the university: %d sums of sessions, weeks and modules are wrong\n", diff.Sums)
		return
	}
	fmt.Fprintf(d.w, "the university: %d findings new, %d no longer follow\n", len(diff.Found), diff.Gone)
	for _, f := range diff.Found {
		fmt.Fprintf(d.w, "  %s on %s, %s: %s\n", f.Rule, calendar.DayOf(f.AsOf), f.Subject, f.Summary)
	}
}

func standingOf(standings []judge.Standing, term string) judge.Standing {
	for _, s := range standings {
		if s.Term == term {
			return s
		}
	}
	return judge.Standing{Term: term}
}

func term(id string) string {
	if id == "" {
		return "between terms"
	}
	return id
}
