package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/evidence"
	"github.com/rollcall-edge/rollcall/central/sheet"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

type importFile struct {
	from
	Kind       string           `arg:"" help:"What the file is about; see below."`
	File       string           `arg:"" type:"existingfile" help:"CSV file, or JSON: an array of objects, or one a line."`
	DryRun     bool             `help:"Say what would change, and change nothing."`
	Force      bool             `help:"Do what the guard refuses: take away, or conclude, more than it allows."`
	DateFormat sheet.DateFormat `default:"iso" enum:"iso,dmy" help:"How the file writes days: iso (2026-10-05) or dmy (05/10/2026)."`
	Mode       timetable.Mode   `default:"delta" enum:"delta,complete-for-dates" help:"Whether a timetable is complete for the dates it names."`
	Through    string           `placeholder:"DAY" help:"Facts: the last day, or the time, through which the file is complete. Nothing is concluded from silence after it."`
	Gateway    string           `placeholder:"NAME" help:"Taps: the gateway whose card it was, for streams that central never heard of."`
	Since      string           `placeholder:"DAY" help:"Facts: the first day from which the file is complete; its first fact if left out."`
}

// Help lists the kinds of files with their columns.
func (importFile) Help() string {
	return "Taps of a pulled card: taps, as rollcall-gateway journal export wrote them. What central has is not taken again.\n\n" +
		"The timetable and its people: terms, holidays (day,name,[delete]: bank holidays that were proclaimed), rooms, students, cards, timetable, absences.\n\n" +
		"Facts of engagement, with their columns; those in brackets may be missing:\n\n" + evidence.Describe() +
		"\nA line whose withdraw is yes takes the fact back that it states. Days and times are London's; a time may also have an offset."
}

// Run imports and prints what changed.
func (i *importFile) Run(ctx context.Context, log *slog.Logger) error {
	if i.Kind == "taps" {
		return i.taps(ctx, log)
	}
	o := central.ImportOptions{Actor: actor(), DryRun: i.DryRun, Force: i.Force, DateFormat: i.DateFormat, Mode: i.Mode}
	var err error
	if o.Through, err = edge(i.Through, true); err != nil {
		return err
	}
	if o.Since, err = edge(i.Since, false); err != nil {
		return err
	}
	return i.office(ctx, log, func(office *central.Office) error {
		f, err := os.Open(i.File)
		if err != nil {
			return fmt.Errorf("open file: %w", err)
		}
		defer f.Close()
		diff, err := office.Import(ctx, i.Kind, f, o)
		if err == nil || i.DryRun {
			i.print(diff)
		}
		return err
	})
}

// taps imports the taps of a card.
func (i *importFile) taps(ctx context.Context, log *slog.Logger) error {
	if i.DryRun {
		return errors.New("import taps has no dry run: what central has it does not take again, and the rest it should have")
	}
	return i.office(ctx, log, func(office *central.Office) error {
		f, err := os.Open(i.File)
		if err != nil {
			return fmt.Errorf("open file: %w", err)
		}
		defer f.Close()
		done, err := office.ImportTaps(ctx, i.Gateway, f)
		fmt.Printf("taps imported: %d records new, %d were here\n", done.Stored, done.Known)
		for _, s := range done.Streams {
			fmt.Printf("stream %s: complete through number %d\n", s.Stream, s.Through)
			if s.Ahead > 0 {
				fmt.Printf("  held up to number %d, and incomplete: number %d is neither in the file nor here\n", s.Ahead, s.Through+1)
			}
		}
		return err
	})
}

func edge(text string, end bool) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return evidence.ParseEdge(text, end)
}

func (i *importFile) print(d sheet.Diff) {
	for _, line := range d.Examples {
		fmt.Println("  " + line)
	}
	for _, line := range d.Warnings {
		fmt.Println("warning: " + line)
	}
	verb := "imported"
	if i.DryRun {
		verb = "dry run, nothing imported"
	}
	fmt.Printf("%s %s: %d added, %d changed, %d removed, %d unchanged\n", i.Kind, verb, d.Added, d.Changed, d.Removed, d.Unchanged)
}
