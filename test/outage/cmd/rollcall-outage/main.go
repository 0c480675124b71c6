// Command rollcall-outage breaks a campus by a seeded plan while people tap, and says whether anything was lost, doubled or
// made up. Its exit status is 0 when all promises held, 1 when one was broken, 4 when the run shows nothing because too few
// people tapped or a fault did not bite, and 3 when it could not be run.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Run   run   `cmd:"" help:"Run once: all kinds of fault, or some."`
	Short short `cmd:"" help:"The run that belongs to every test of the project."`
	Soak  soak  `cmd:"" help:"Run with seed after seed until something breaks or Ctrl-C."`
	Kinds kinds `cmd:"" help:"List the kinds of fault, and which of them are injected here."`
}

// The statuses besides 0.
const (
	statusFailed = 1
	statusError  = 3
	statusVoid   = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parsed := kong.Parse(&c, kong.Description("The outage laboratory."), kong.BindTo(ctx, (*context.Context)(nil)))
	status := 0
	if err := parsed.Run(&status); err != nil {
		fmt.Fprintf(os.Stderr, "rollcall-outage: %v\n", err)
		status = statusError
	}
	stop()
	os.Exit(status)
}
