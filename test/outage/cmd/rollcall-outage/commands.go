package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/readme"
	"github.com/rollcall-edge/rollcall/test/outage/catalogue"
	"github.com/rollcall-edge/rollcall/test/outage/lab"
	"github.com/rollcall-edge/rollcall/test/outage/site"
	"github.com/rollcall-edge/rollcall/test/outage/skew"
	"github.com/rollcall-edge/rollcall/test/outage/variant"
)

// common is what every run needs to know.
type common struct {
	Root   string  `default:"../.." help:"Folder of the project, whose programs are built."`
	Bin    string  `help:"Folder with programs that were built already; default: they are built."`
	Dir    string  `help:"Folder for what the run keeps; default: one in the folder for temporary files."`
	Seed   uint64  `help:"Of the plan, the people and every random choice; 0 draws one."`
	Rate   float64 `default:"7" help:"People a second."`
	JSON   string  `help:"File for the whole history."`
	Images int     `default:"-1" help:"How many power cuts to take an image of and look into while people tap; default: 20 in a short run, 1000 in others."`
	Slow   bool    `help:"Cards as slow as ordinary ones: 8 ms a flush."`
}

// images is how many are taken unless somebody asked for another number.
func (c *common) images(usual int) {
	if c.Images < 0 {
		c.Images = usual
	}
}

type run struct {
	common
	Kinds []int `sep:"," help:"Numbers of kinds of fault; default: all. A number listed twice is injected twice."`
	Times int   `default:"1" help:"How often each kind is injected."`

	README string `help:"File whose section of outages is written, unless the run is void."`
}

// Run runs once.
func (r *run) Run(ctx context.Context, status *int) error {
	r.images(1000)
	kinds := r.Kinds
	if len(kinds) == 0 {
		kinds = lab.All()
	}
	o, err := r.once(ctx, slices.Repeat(kinds, r.Times), r.Rate)
	if err != nil {
		return err
	}
	if *status = statusOf(o); r.README != "" && *status != statusVoid {
		return readme.Write(r.README, "outage", o.Markdown())
	}
	return nil
}

type short struct{ common }

// attempts is how often the short run is tried while it is void. A machine that is busy with something else leaves too little
// for the people, and then says nothing about the product; each further attempt asks for half as many.
const attempts = 3

// Run tries again, with fewer people, while the run shows nothing. It never makes a pass of it: void stays void.
func (s *short) Run(ctx context.Context, status *int) error {
	s.images(20)
	rate := s.Rate
	for attempt := 1; ; attempt++ {
		o, err := s.once(ctx, lab.Short(), rate)
		if err != nil {
			return err
		}
		*status = statusOf(o)
		if *status != statusVoid || attempt == attempts {
			return nil
		}
		rate /= 2
		s.Seed++
		fmt.Printf("the run is void; trying again with %.2g people a second (attempt %d of %d)\n", rate, attempt+1, attempts)
	}
}

type soak struct {
	common
	For time.Duration `help:"How long; default: until Ctrl-C."`
}

// Run runs all kinds with one seed after the other.
func (s *soak) Run(ctx context.Context, status *int) error {
	s.images(1000)
	began := time.Now()
	for n := 1; ctx.Err() == nil && (s.For == 0 || time.Since(began) < s.For); n++ {
		o, err := s.once(ctx, lab.All(), s.Rate)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		fmt.Printf("run %d, %v since the first: %s\n", n, time.Since(began).Round(time.Second), o.Word())
		if *status = statusOf(o); *status == statusFailed {
			return nil
		}
		s.Seed++
	}
	return nil
}

type kinds struct{}

// Run lists.
func (kinds) Run(context.Context) error {
	all, brief := lab.All(), lab.Short()
	for _, k := range catalogue.Kinds {
		word := "not injected here"
		switch {
		case catalogue.Inapplicable[k.Number] != "":
			word = "not applicable: " + catalogue.Inapplicable[k.Number]
		case slices.Contains(brief, k.Number):
			word = "in the short run too"
		case slices.Contains(all, k.Number):
			word = "injected"
		}
		fmt.Printf("%2d  %-16s %-45s %s\n", k.Number, k.Family, k.Name, word)
	}
	fmt.Printf("%d of %d kinds are injected, %d in the short run\n", len(all), len(catalogue.Kinds), len(brief))
	return nil
}

func statusOf(o *lab.Outcome) int {
	switch o.Word() {
	case "failed":
		return statusFailed
	case "void":
		return statusVoid
	}
	return 0
}

// once builds the programs and runs the laboratory.
func (c *common) once(ctx context.Context, kinds []int, rate float64) (*lab.Outcome, error) {
	if c.Seed == 0 {
		c.Seed = 1 + uint64(rand.Uint32()) //nolint:gosec // printed, so that the run can be repeated
	}
	if c.Dir == "" {
		dir, err := os.MkdirTemp("", "rollcall-outage-")
		if err != nil {
			return nil, err
		}
		c.Dir = dir
	}
	noClocks, err := c.programs(ctx)
	if err != nil {
		return nil, err
	}
	fmt.Printf("seed %d, %d faults, everything in %s\n", c.Seed, len(kinds), c.Dir)
	began := time.Now()
	o, err := lab.Run(ctx, lab.Options{
		Dir: filepath.Join(c.Dir, "site"), Bin: c.Bin, Commit: commit(ctx, c.Root), Seed: c.Seed, Kinds: kinds, Rate: rate, Images: c.Images, Slow: c.Slow, NoClocks: noClocks,
		Say: func(format string, args ...any) {
			fmt.Printf("%6.1fs  "+format+"\n", append([]any{time.Since(began).Seconds()}, args...)...)
		},
	})
	if err != nil {
		return nil, err
	}
	o.Tell(os.Stdout)
	return o, c.keep(o)
}

// programs builds what is not there yet, once for all runs of this command.
func (c *common) programs(ctx context.Context) (noClocks error, err error) {
	if c.Bin != "" {
		return nil, nil
	}
	bin := filepath.Join(c.Dir, "bin")
	fmt.Println("building the programs with clocks of their own")
	noClocks, err = build(ctx, c.Root, filepath.Join(c.Dir, "overlay"), bin)
	if noClocks == nil && err == nil {
		c.Bin = bin
	}
	return noClocks, err
}

// The programs, and the flag that gives them failpoints: what is shipped has none.
var (
	programs  = []string{"./gateway/cmd/rollcall-gateway", "./central/cmd/rollcall-central"}
	withPoint = []string{"-tags", "failpoints"}
)

// build makes the programs, and the gateway as it will be next, from the project's source: with failpoints, with a Raft log that
// is soon shortened, and with clocks of their own; where that last cannot be, without, and says why.
func build(ctx context.Context, root, overlay, bin string) (noClocks error, err error) {
	for _, d := range []string{overlay, bin} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	clocks, noClocks := skew.Overlay(ctx, root, overlay)
	if noClocks != nil {
		clocks = ""
	}
	present, err := variant.Overlay(root, clocks, filepath.Join(overlay, "present"), variant.Eager)
	if err != nil {
		return nil, err
	}
	next, err := variant.Overlay(root, clocks, filepath.Join(overlay, "next"), variant.Eager, variant.Next)
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		compile(ctx, root, present, bin+"/", programs...),
		compile(ctx, root, next, filepath.Join(bin, string(site.Next)), programs[0]))
	if err == nil && noClocks == nil {
		err = skew.Check(bin)
	}
	return noClocks, err
}

// compile builds packages as they are shipped, but with an overlay and failpoints.
func compile(ctx context.Context, root, overlay, out string, packages ...string) error {
	args := slices.Concat([]string{"build", "-trimpath", "-overlay", overlay, "-ldflags", "-s -w -X main.version=" + filepath.Base(filepath.Dir(overlay)), "-o", out}, withPoint, packages)
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // our own programs
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build programs: %w: %s", err, out)
	}
	return nil
}

// commit is what is checked out, "unknown" when that cannot be told.
func commit(ctx context.Context, root string) string {
	out, err := exec.CommandContext(ctx, "git", "-C", root, "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
