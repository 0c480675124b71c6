// Command rollcall-bench measures what Rollcall promises in figures and writes them into the README. What is measured and
// how is in test/load; this only sets it off.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/rollcall-edge/rollcall/test/load"
	"github.com/rollcall-edge/rollcall/test/load/readme"
)

type flags struct {
	Bin      string   `default:"bin" help:"Directory of the programs." type:"path"`
	Module   string   `default:"." help:"Root of the module, whose benchmarks are run." type:"path"`
	Dir      string   `default:"bin" help:"Directory of the disk to measure." type:"path"`
	Readme   string   `help:"File in which the section is replaced; without it the section is only printed." type:"path"`
	Commit   string   `default:"unknown" help:"What is measured."`
	Only     []string `help:"Measure only these and leave the file alone: ${names}." enum:"${names}"`
	Students int      `help:"Students of the year in central's databases, instead of 40,000."`
	Brief    bool     `help:"Measure for a minute, to see that all works; the file is left alone."`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("rollcall-bench"), kong.Description("Measures, and writes the figures into the README."),
		kong.Vars{"names": strings.Join(load.Names(), ",")})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := f.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (f *flags) run(ctx context.Context) error {
	o := load.Options{
		Dir: f.Dir, Module: f.Module, Gateway: filepath.Join(f.Bin, "rollcall-gateway"), Only: f.Only, Effort: load.Thorough, Out: os.Stderr,
	}
	if f.Brief {
		o.Effort = load.Brief
	}
	if f.Students > 0 {
		o.Effort.Students = f.Students
	}
	results, err := load.Run(ctx, o)
	if err != nil {
		return err
	}
	text := results.Markdown(f.Commit)
	fmt.Print(text)
	if f.Readme == "" || f.Brief || len(f.Only) > 0 {
		return nil
	}
	return readme.Write(f.Readme, "bench", text)
}
