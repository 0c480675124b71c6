// Command rollcall-gateway records taps in one building. It reads its configuration, sets up logging and signals and hands
// over to the gateway package; nothing is decided here.
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
	"github.com/rollcall-edge/rollcall/gateway"
)

// version is the release, set when it is built.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var c commands
	parsed := kong.Parse(&c, kong.Name("rollcall-gateway"), kong.Description("Records taps in one building."), kong.UsageOnError())
	parsed.BindTo(ctx, (*context.Context)(nil))
	parsed.Bind(terminal{os.Stdin, os.Stdout})
	err := parsed.Run(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: c.Verbosity})))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(statusOf(err))
}

// statusOf tells a supervisor what happened: 2 the configuration is at fault and a restart does not help, 3 the disk is.
func statusOf(err error) int {
	if _, faulty := errors.AsType[config.Faults](err); faulty {
		return 2
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, gateway.ErrStorage):
		return 3
	}
	return 1
}
