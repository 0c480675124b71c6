package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway"
	"github.com/rollcall-edge/rollcall/gateway/survey"
)

type check struct {
	from
	Strict bool `help:"Fail on warnings too."`
}

// Run prints every fault of a configuration; of one without, how fast its buses are and what a person should do first.
// Warnings are no faults: a check before the adapters are plugged in must pass.
func (c *check) Run(t terminal) error {
	g, err := config.LoadGateway(c.Config)
	if err != nil {
		return err
	}
	fmt.Fprintln(t.out, c.Config+": good")
	r := survey.Look(g, gateway.KeysDir(g))
	printPace(t, r.Buses)
	for _, w := range r.Warnings {
		fmt.Fprintf(t.out, "warning: %s: %s\n", w.Name, w.Text)
	}
	if c.Strict && len(r.Warnings) > 0 {
		return fmt.Errorf("warnings: %d, and --strict allows none", len(r.Warnings))
	}
	return nil
}

func printPace(t terminal, buses []survey.Bus) {
	if len(buses) == 0 {
		return
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "OSDP BUS\tBAUD\tREADERS\tUNDER KEYS\tROUND\tCARD TO LIGHT, AT WORST")
	for _, b := range buses {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%v\t%v\n", b.Name, b.Baud, b.Plain+b.Secure, b.Secure, b.Round.Round(time.Millisecond), b.Light.Round(time.Millisecond))
	}
	_ = table.Flush() // the terminal is gone: nobody reads on
}
