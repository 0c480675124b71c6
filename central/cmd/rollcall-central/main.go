// Command rollcall-central is the university's service. It reads its configuration, sets up logging and signals and hands
// over to the central package; nothing is decided here.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/rollcall-edge/rollcall/config"
)

// errDiffer means that what is stored is not what the facts give.
var errDiffer = errors.New("stored judgements differ from the facts: run rollcall-central rebuild, and tell us how it came about")

// version is the release, set when it is built.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var c commands
	parsed := kong.Parse(&c, kong.Name("rollcall-central"), kong.Description("Keeps attendance of a university."), kong.UsageOnError())
	parsed.BindTo(ctx, (*context.Context)(nil))
	err := parsed.Run(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.Verbosity})))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(statusOf(err))
}

// statusOf is 2 when the configuration is at fault, so that a supervisor knows that a restart does not help.
func statusOf(err error) int {
	if _, faulty := errors.AsType[config.Faults](err); faulty {
		return 2
	}
	if err != nil {
		return 1
	}
	return 0
}
