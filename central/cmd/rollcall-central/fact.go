package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/evidence"
)

type fact struct {
	List     factList     `cmd:"" help:"List everything that is known of a student besides taps."`
	Withdraw factWithdraw `cmd:"" help:"Say that a fact was wrong; its student is judged again."`
}

type factList struct {
	from
	Student    string `arg:"" optional:"" help:"Student number."`
	University bool   `help:"Facts of the university instead."`
}

// Validate asks for one of the two.
func (l *factList) Validate() error {
	if (l.Student == "") != l.University {
		return errors.New("name a student, or say --university")
	}
	return nil
}

// Run prints the facts as a table.
func (l *factList) Run(ctx context.Context, log *slog.Logger) error {
	return l.office(ctx, log, func(o *central.Office) error {
		facts, err := o.Evidence.FactsOf(ctx, l.Student)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tKIND\tAT\tUNTIL\tOF\tVALUE\tAMOUNT\tBY\tNOTE\tWITHDRAWN")
		for _, f := range facts {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", f.ID, f.Kind, local(f.At), local(f.Until), f.Of, f.Value, f.Amount, f.By, f.Note, withdrawn(f))
		}
		return w.Flush()
	})
}

// local is a time for people in London; nothing if there is none.
func local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(calendar.London).Format("2006-01-02 15:04:05")
}

func withdrawn(f evidence.Kept) string {
	switch {
	case f.WithdrawnAt.IsZero():
		return ""
	case f.Replaced:
		return local(f.WithdrawnAt) + " replaced"
	}
	return local(f.WithdrawnAt) + " " + f.WithdrawnBy
}

type factWithdraw struct {
	from
	ID     int64  `arg:"" help:"Number of the fact, from fact list."`
	Reason string `required:"" help:"Why it was wrong."`
}

// Run withdraws.
func (f *factWithdraw) Run(ctx context.Context, log *slog.Logger) error {
	return f.office(ctx, log, func(o *central.Office) error {
		if err := o.Evidence.Withdraw(ctx, f.ID, actor(), f.Reason); err != nil {
			return err
		}
		fmt.Printf("fact %d is withdrawn\n", f.ID)
		return nil
	})
}
