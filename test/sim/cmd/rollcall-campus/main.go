// Command rollcall-campus runs the demo campus: central, three gateways and twelve simulated readers as a university would
// have them, on this machine. It reads its flags and hands over to the package demo; it builds nothing.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/demo"
	"github.com/rollcall-edge/rollcall/test/sim/campus/fault"
)

// version is the release, set when it is built.
var version = "development"

type flags struct {
	For  time.Duration `help:"Let people tap for so long, then compare and end; without it, until Ctrl-C."`
	JSON string        `name:"json" help:"Write the result of a bounded run here."`
	Kill []string      `sep:"none" placeholder:"TARGET@T,up@T" help:"Kill central or gateway:N at T from the first tap on, and start it again; may be repeated."`
	Cut  []string      `sep:"none" placeholder:"gateway:N@T,heal@T" help:"Cut a gateway off from central and its peers, and heal; may be repeated."`
	Dir  string        `default:".demo" type:"path" help:"Holds everything the campus keeps."`
	Bin  string        `default:"bin" type:"path" help:"Holds rollcall-central and rollcall-gateway."`
	Seed uint64        `default:"1" help:"Seed of a new campus and of the people of this run."`
	Rate float64       `help:"People a second; 0 chooses."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	var f flags
	kong.Parse(&f, kong.Name("rollcall-campus"), kong.Description("Runs a campus to look at."), kong.UsageOnError(),
		kong.Vars{"version": "rollcall-campus " + version})
	status, err := run(ctx, f)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

// run is 0 when all went well, 1 when the verdict is bad or something failed, 2 when the flags are at fault.
func run(ctx context.Context, f flags) (status int, err error) {
	o := demo.Options{
		Dir: f.Dir, Bin: f.Bin, Seed: f.Seed, For: f.For, Rate: f.Rate, JSON: f.JSON, Out: os.Stdout, Columns: columnsOf(os.Stdout),
	}
	if o.Faults, err = fault.Parse(f.Kill, f.Cut, len(campus.Buildings)); err != nil {
		return 2, err
	}
	if err := o.Check(); err != nil {
		return 2, err
	}
	if o.JSON != "" {
		if o.JSON, err = filepath.Abs(o.JSON); err != nil {
			return 2, err
		}
	}
	result, err := demo.Run(ctx, o)
	if err != nil || f.For > 0 && (result == nil || !result.OK) {
		return 1, err
	}
	return 0, nil
}

// columnsOf is the width of the terminal, 0 if the file is none.
func columnsOf(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	switch {
	case err != nil:
		return 0
	case size.Col == 0: // a terminal that does not tell
		return 80
	}
	return int(size.Col)
}
