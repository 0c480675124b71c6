package ble

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/drivers/ble/worker"
)

// The test binary is its own worker: "ble-worker" makes it run go-ble as the gateway's subcommand would.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "ble-worker" {
		if err := workerMain(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	dir, err := os.MkdirTemp("", "rollcall-ble")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	buildDir = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// buildDir is where programs that all tests share are built.
var buildDir string

func workerMain(args []string) error {
	o := worker.Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	f := flag.NewFlagSet("ble-worker", flag.ContinueOnError)
	f.IntVar(&o.Device, "device", 0, "")
	f.StringVar(&o.Socket, "socket", "", "")
	f.DurationVar(&o.StartWithin, "start", time.Minute, "") // machines that run tests may be slow
	f.DurationVar(&o.HeartbeatEvery, "every", 0, "")
	f.DurationVar(&o.HeartbeatWithin, "within", time.Minute, "")
	f.DurationVar(&o.EmptyEvery, "empty", 0, "")
	if err := f.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
	defer stop()
	return worker.Run(ctx, o)
}
