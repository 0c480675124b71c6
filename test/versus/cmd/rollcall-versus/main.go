// Command rollcall-versus measures three gateways beside etcd and writes the figures into the README. What is measured and how
// is in test/versus; this only sets it off, and is the program of each gateway too.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/rollcall-edge/rollcall/test/load/readme"
	"github.com/rollcall-edge/rollcall/test/versus"
	"github.com/rollcall-edge/rollcall/test/versus/member"
)

type commands struct {
	Run    run    `cmd:"" default:"withargs" help:"Measure."`
	Member serves `cmd:"" hidden:"" help:"Be one gateway, told what to do on standard input."`
}

type run struct {
	Dir    string `default:"." help:"Directory of the disk to measure." type:"path"`
	Readme string `help:"File in which the section is replaced; without it the section is only printed." type:"path"`
	Commit string `default:"unknown" help:"What is measured."`
	Brief  bool   `help:"Measure for half a minute, to see that all works; the file is left alone."`
}

type serves struct{}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var c commands
	parsed := kong.Parse(&c, kong.Name("rollcall-versus"), kong.Description("Measures three gateways beside etcd."), kong.BindTo(ctx, (*context.Context)(nil)))
	err := parsed.Run()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Run implements kong's command.
func (serves) Run() error { return member.Serve(os.Stdin, os.Stdout) }

// Run implements kong's command.
func (r *run) Run(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	o := versus.Options{Dir: r.Dir, Member: []string{program, "member"}, Effort: versus.Thorough, Out: os.Stderr}
	if r.Brief {
		o.Effort = versus.Brief
	}
	results, err := versus.Run(ctx, o)
	if err != nil {
		return err
	}
	text := results.Markdown(r.Commit)
	fmt.Println(text)
	if r.Readme == "" || r.Brief {
		return nil
	}
	return readme.Write(r.Readme, "versus", text)
}
