package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/capture"
	"github.com/rollcall-edge/rollcall/gateway/console"
)

// readers is what a technician asks the running gateway.
type readers struct {
	List     listReaders `cmd:"" help:"Show every line and reader, and what to do about those in trouble."`
	Test     testLights  `cmd:"" help:"Show the lights of a reader one after the other."`
	Watch    watchTaps   `cmd:"" help:"Show the last taps, and each new one as it comes."`
	Counters counters    `cmd:"" help:"Show what was counted since the gateway started."`
	Install  installKey  `cmd:"" help:"Give a reader a key of its own; without it nothing the reader says is believed any more."`
	Move     moveReader  `cmd:"" help:"Set the address or the speed of a reader."`
}

// consoleOf loads a configuration and finds the gateway that runs with it.
func (f from) console() (*config.Gateway, *console.Client, error) {
	c, err := config.LoadGateway(f.Config)
	if err != nil {
		return nil, nil, err
	}
	return c, console.NewClient(console.Socket(c.Data)), nil
}

type listReaders struct{ from }

// Run prints every line with its readers.
func (l *listReaders) Run(ctx context.Context, t terminal) error {
	_, gateway, err := l.console()
	if err != nil {
		return err
	}
	lines, err := gateway.Lines(ctx)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		fmt.Fprintln(t.out, "No reader is configured.")
	}
	for i, line := range lines {
		if i > 0 {
			fmt.Fprintln(t.out)
		}
		printLine(t.out, line)
	}
	return nil
}

func printLine(w io.Writer, l capture.LineState) {
	state := "open"
	if !l.Line.Up {
		state = "closed"
	}
	fmt.Fprintf(w, "%s: %s at %d on %s, %s\n", l.Line.Bus, l.Line.Driver, l.Line.Baud, l.Line.Device, state)
	if pace := paceOf(l.Line); pace != "" {
		fmt.Fprintln(w, "  "+pace)
	}
	if l.Line.Advice != "" {
		fmt.Fprintln(w, "  Advice: "+l.Line.Advice)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  READER\tSTATE\tKEY\tLIGHT\tREPORTS\tMADE")
	for _, r := range l.Readers {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\n", r.Reader, stateOf(r), keyOf(l.Line, r), r.Steady, cmp.Or(reportsOf(r), "-"), cmp.Or(r.Made, "-"))
	}
	_ = table.Flush() // the terminal is gone: nobody reads on
	for _, r := range l.Readers {
		if r.Trouble != "" {
			fmt.Fprintf(w, "  ! %s: %s\n", r.Reader, r.Trouble)
		}
	}
}

// paceOf says how fast the conversation on a line goes, as far as there was one.
func paceOf(l drivers.LineStatus) string {
	var parts []string
	add := func(what string, d time.Duration, of int) {
		if of > 0 {
			parts = append(parts, what+" "+millis(d))
		}
	}
	add("round over the readers", l.Cycle.Median, l.Cycle.Of)
	add("reply", l.Reply.Median, l.Reply.Of)
	add("card to light", l.Light.Median, l.Light.Of)
	add("99 of 100 within", l.Light.P99, l.Light.Of)
	return strings.Join(parts, ", ")
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
}

func stateOf(r drivers.Status) string {
	switch {
	case !r.Up:
		return "down"
	case !r.Supervised:
		return "line open"
	}
	return "answers"
}

// keyOf says whether what a reader tells can be believed; only OSDP knows keys.
func keyOf(l drivers.LineStatus, r drivers.Status) string {
	switch {
	case l.Driver != "osdp":
		return "-"
	case r.Secure:
		return "secure"
	case r.Keyed:
		return "set, not spoken"
	}
	return "none"
}

func reportsOf(r drivers.Status) string {
	var reports []string
	if r.Tamper {
		reports = append(reports, "tamper")
	}
	if r.PowerLost {
		reports = append(reports, "power")
	}
	return strings.Join(reports, ", ")
}

type counters struct{ from }

// Run prints what was counted.
func (c *counters) Run(ctx context.Context, t terminal) error {
	_, gateway, err := c.console()
	if err != nil {
		return err
	}
	lines, err := gateway.Lines(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "LINE\tEXCHANGES\tRETRIES\tNOISE OCTETS\tOPENED\t")
	for _, l := range lines {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", l.Line.Bus, l.Line.Exchanges, l.Line.Retries, l.Line.Noise, l.Line.Reopens)
	}
	_ = table.Flush() // the terminal is gone: nobody reads on
	fmt.Fprintln(t.out)
	fmt.Fprintln(table, "READER\tTAPS\tREPEATS\tREFUSED\tRETRIES\tFAILURES\tWAITS\tUNSHOWN\t")
	for _, l := range lines {
		for _, r := range l.Readers {
			n := r.Counts
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", r.Reader, n.Taps, n.Repeats, n.Refused, n.Retries, n.Failures, n.Waits, n.Unshown)
		}
	}
	return table.Flush()
}
