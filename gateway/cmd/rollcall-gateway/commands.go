package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers/ble/worker"
	"github.com/rollcall-edge/rollcall/gateway"
)

type commands struct {
	Verbosity slog.Level `name:"log" default:"info" help:"Least level that is logged: debug, info, warn or error."`

	Run       run       `cmd:"" help:"Record taps."`
	Check     check     `cmd:"" help:"Check a configuration: every fault, the pace of each bus, and what is missing on this machine."`
	Enrol     enrol     `cmd:"" help:"Trade an invitation of central for this gateway's identity."`
	Journal   journals  `cmd:"" help:"Look after journals that no gateway has open."`
	Readers   readers   `cmd:"" help:"Look at the readers of the running gateway, and set them up."`
	Cluster   cluster   `cmd:"" help:"Look at the cluster of the running gateway, and change who is in it."`
	OSDP      osdp      `cmd:"" name:"osdp" help:"Set up OSDP readers of the running gateway."`
	BLEWorker bleWorker `cmd:"" name:"ble-worker" help:"Listen for beacons; started by run." hidden:""`
	Version   printed   `cmd:"" help:"Print the version."`
}

// from is the flag that most commands share.
type from struct {
	Config string `default:"/etc/rollcall/gateway.yaml" help:"Configuration file." type:"path"`
}

type run struct{ from }

// Run records taps until a signal comes.
func (r *run) Run(ctx context.Context, log *slog.Logger) error {
	c, err := config.LoadGateway(r.Config)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	supervised, stop := superviseFrom(ctx, log)
	defer stop()
	return gateway.Run(ctx, c, gateway.Options{Version: version, Worker: []string{self, "ble-worker"}, Log: log}, supervised)
}

type enrol struct {
	from
	Invitation string `arg:"" help:"The line that central printed."`
}

// Run stores the identity that central gives for an invitation.
func (e *enrol) Run(ctx context.Context, log *slog.Logger) error {
	c, err := config.LoadGateway(e.Config)
	if err != nil {
		return err
	}
	invitation, err := contract.ParseInvitation(e.Invitation)
	if err != nil {
		return err
	}
	name, building, err := gateway.Enrol(ctx, c, invitation, log)
	if err != nil {
		return err
	}
	fmt.Printf("enrolled as %s for building %s\n", name, building)
	return nil
}

// osdp is the other name of what is only for OSDP readers.
type osdp struct {
	Install installKey `cmd:"" help:"The same as readers install."`
}

type bleWorker struct {
	Device int    `help:"Number of the adapter: 0 for hci0."`
	Socket string `required:"" help:"Socket of the gateway."`
}

// Run listens for beacons until a signal comes or the adapter fails.
func (w *bleWorker) Run(ctx context.Context, log *slog.Logger) error {
	return worker.Run(ctx, worker.Options{Device: w.Device, Socket: w.Socket, Log: log})
}

type printed struct{}

// Run prints the version.
func (printed) Run() error {
	fmt.Println("rollcall-gateway", version, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return nil
}
