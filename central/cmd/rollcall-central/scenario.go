package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rollcall-edge/rollcall/central/scenario"
	"github.com/rollcall-edge/rollcall/config"
)

// errScenario means that something came out differently than a scenario says.
var errScenario = errors.New("not everything came out as the scenarios say")

type playScenario struct {
	Files   []string `arg:"" help:"Scenario files; test/scenarios/README.md says how to write one."`
	Verbose bool     `short:"v" help:"Tell what happens, step by step."`
}

// Run plays each file on a database of its own and prints what came out differently.
func (p *playScenario) Run(ctx context.Context) error {
	var faults config.Faults
	played, asWritten := 0, 0
	for _, file := range p.Files {
		var story io.Writer
		if p.Verbose {
			story = os.Stdout
			fmt.Println(file)
		}
		started := time.Now()
		r, err := scenario.Run(ctx, file, scenario.Options{Story: story})
		if faulty, is := errors.AsType[config.Faults](err); is {
			faults = append(faults, faulty...)
			continue
		}
		if err != nil {
			return err
		}
		p.print(r, time.Since(started))
		played++
		if len(r.Differences) == 0 {
			asWritten++
		}
	}
	if len(p.Files) > 1 {
		fmt.Printf("%d scenarios, %d as written\n", len(p.Files), asWritten)
	}
	if len(faults) > 0 {
		return faults
	}
	if asWritten < played {
		return errScenario
	}
	return nil
}

func (p *playScenario) print(r scenario.Result, took time.Duration) {
	for _, d := range r.Differences {
		d.Print(os.Stdout)
	}
	said := "as written"
	if n := len(r.Differences); n > 0 {
		said = fmt.Sprintf("%d came out differently", n)
	}
	fmt.Printf("%s: %d steps, %d expectations, %s (%d ms): %s\n", r.File, r.Steps, r.Expected, said, took.Milliseconds(), r.Title)
}
