package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/proof"
	"github.com/rollcall-edge/rollcall/central/store"
)

type audit struct {
	Export auditExport `cmd:"" help:"Write what an auditor needs to check that nothing is missing, altered or added."`
	Proof  auditProof  `cmd:"" help:"Write the proof of one tap for the student who made it."`
	Erase  auditErase  `cmd:"" help:"Destroy everything that is kept of a student, for good; proofs of others stand."`
	Settle auditSettle `cmd:"" help:"Put on record what was found out about a quarantined stream; its alert ends."`
}

type auditExport struct {
	from
	From string `required:"" placeholder:"DAY" help:"First day whose records are opened, yyyy-mm-dd."`
	To   string `required:"" placeholder:"DAY" help:"Last day."`
	File string `arg:"" help:"File to write."`
}

// Run writes the export.
func (a *auditExport) Run(ctx context.Context, log *slog.Logger) error {
	first, err := calendar.ParseDay(a.From)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	last, err := calendar.ParseDay(a.To)
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	return a.office(ctx, log, func(o *central.Office) error {
		return writeWhole(a.File, func(w io.Writer) error { return o.Export(ctx, w, first.Starts(), last.Add(1).Starts()) })
	})
}

type auditProof struct {
	from
	Student string `required:"" help:"Number of the student."`
	Tap     string `required:"" help:"The tap, <stream>/<number>, as it stands beside the mark."`
	File    string `arg:"" help:"File to write."`
}

// Run writes the proof.
func (a *auditProof) Run(ctx context.Context, log *slog.Logger) error {
	id, err := contract.ParseTapID(a.Tap)
	if err != nil {
		return err
	}
	return a.office(ctx, log, func(o *central.Office) error {
		p, err := o.ProveTapOf(ctx, a.Student, id)
		if err != nil {
			return err
		}
		return writeWhole(a.File, p.Write)
	})
}

type auditSettle struct {
	from
	Stream  contract.Stream `arg:"" help:"The stream, as the page Gateways names it."`
	Finding string          `required:"" help:"What was found out: which history is true, and how that is known."`
}

// Run settles.
func (a *auditSettle) Run(ctx context.Context, log *slog.Logger) error {
	return a.office(ctx, log, func(o *central.Office) error {
		if err := o.Fleet.Settle(ctx, actor(), a.Stream, a.Finding); err != nil {
			return err
		}
		fmt.Println("settled: its alert ends; the stream takes nothing more, and exports go on naming it")
		return nil
	})
}

type auditErase struct {
	from
	Student         string `arg:"" help:"Number of the student."`
	Reason          string `required:"" help:"Why, without naming anybody: it is kept and printed on every export. Say where the request is filed."`
	DryRun          bool   `help:"Count what would be destroyed, and destroy nothing."`
	SponsorshipOver bool   `help:"The student was sponsored, and a year has passed since that ended."`

	answers io.Reader // os.Stdin if nil
}

// Help is shown by audit erase --help.
func (auditErase) Help() string {
	return `It cannot be undone. Of each tap the record and its salt are destroyed; its number and what it committed to stay, so that exports verify
and say how many records were erased. Name, cards, marks, findings, facts, amendments and absences go as well. Take the student out
of the files that are imported first, or the next import brings name and cards back. Backups hold what they held until they are deleted.`
}

// Run asks for the number once more, and erases.
func (a *auditErase) Run(ctx context.Context, log *slog.Logger) error {
	return a.office(ctx, log, func(o *central.Office) error {
		e := central.Erasure{Student: a.Student, Actor: actor(), Reason: a.Reason, SponsorshipOver: a.SponsorshipOver, Confirm: a.confirmed}
		if a.DryRun {
			e.Confirm = nil
		}
		what, done, err := o.Erase(ctx, e)
		switch {
		case err != nil:
			return err
		case done:
			fmt.Printf("destroyed: %d taps and %d rows of everything else\n", what.Records, what.Rows)
		case a.DryRun:
			fmt.Printf("would destroy %d taps and %d rows of everything else; nothing was changed\n", what.Records, what.Rows)
		default:
			return errors.New("not confirmed; nothing was changed")
		}
		return nil
	})
}

func (a *auditErase) confirmed(what store.Erased) bool {
	answers := a.answers
	if answers == nil {
		answers = os.Stdin
	}
	fmt.Printf("%d taps and %d rows of everything else will be destroyed, for good.\nType the student's number to do it: ", what.Records, what.Rows)
	answer, _ := bufio.NewReader(answers).ReadString('\n') // none at all is no
	return strings.TrimSpace(answer) == a.Student
}

// writeWhole writes a file that only its owner may read, all of it or none.
func writeWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".export-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // after the rename it is gone
	if err = errors.Join(write(f), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

type verify struct {
	File string   `arg:"" help:"An export, or the proof of one tap."`
	Keys string   `placeholder:"FILE" help:"Keys read off gateways, one a line: no other key of theirs is believed then."`
	Day  []string `placeholder:"FILE" help:"Daily seal that a gateway kept; may be given several times."`

	Printed []string `sep:"none" placeholder:"DAY DIGEST" help:"Daily seal as a page, a printout or the column daily_seal of a CSV file has it; may be given several times."`
}

// Help is shown by verify --help.
func (verify) Help() string {
	return `Needs no database, no configuration and no network. It prints what is in the file for each stream and ends with PASS, or names
gateway and number of everything that is missing, altered or added and ends with status 1.
Who holds central's database could make up records and keys alike. Against that, give the keys as the gateways show them on their own
status pages (--keys), the daily seals they kept under seals/ in their data directories (--day), or a daily seal as it was printed long ago
(--printed).`
}

// Run checks the file and prints what it found.
func (v *verify) Run() error {
	trust, err := v.trust()
	if err != nil {
		return err
	}
	file, err := os.ReadFile(v.File)
	if err != nil {
		return err
	}
	return proof.Check(os.Stdout, file, trust)
}

func (v *verify) trust() (t proof.Trust, err error) {
	t.Printed = v.Printed
	if v.Keys != "" {
		text, err := os.ReadFile(v.Keys)
		if err != nil {
			return t, err
		}
		t.Keys = strings.Fields(string(text))
	}
	for _, name := range v.Day {
		f, err := os.Open(name)
		if err != nil {
			return t, err
		}
		d, err := tree.ReadDay(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return t, fmt.Errorf("%s: %w", name, err)
		}
		t.Days = append(t.Days, d)
	}
	return t, nil
}
