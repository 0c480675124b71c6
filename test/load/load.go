// Package load measures what Rollcall promises in figures, on the machine it runs on and with the real parts, and writes
// what it found as a section of Markdown. It is not a test: nothing fails for being slow, an aim that is missed is printed
// as missed.
package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/load/gobench"
	"github.com/rollcall-edge/rollcall/test/load/light"
	"github.com/rollcall-edge/rollcall/test/load/machine"
	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/load/storage"
	"github.com/rollcall-edge/rollcall/test/load/year"
)

// Options of a run.
type Options struct {
	Dir     string    // a directory of the disk to be measured; the run works in a new one inside and removes it
	Module  string    // root of this module
	Gateway string    // path of the program rollcall-gateway
	Only    []string  // names of measurements; empty for all
	Effort  Effort    // how long to measure
	Out     io.Writer // is told what goes on
}

// Effort is how long to measure.
type Effort struct {
	Size      appliance.Size
	Rounds    int           // of the storage contenders
	Turn      time.Duration // of each in a round
	Taps      int           // in each cell of the table of lights
	Count     int           // how often each benchmark beside the code is run
	BenchTime string        // of each time
	Settle    time.Duration // before memory is read
	Starts    int           // to blue, for each length of the journal
	Days      []int         // lengths of the journal
	Students  int           // of the year in central's databases
	Asking    time.Duration // each question about the year, while taps come in
	Backlog   int           // records that wait while the line is cut
}

// Thorough takes half an hour on two idle processors, most of it for the year; its figures are worth printing. Brief takes one or two and shows that
// everything works.
var (
	Thorough = Effort{
		Size: appliance.Whole, Rounds: 20, Turn: 200 * time.Millisecond, Taps: 60, Count: 3, BenchTime: "1s",
		Settle: 20 * time.Second, Starts: 7, Days: []int{1, 30}, Students: year.Whole.Students, Asking: 10 * time.Second, Backlog: 400_000,
	}
	Brief = Effort{
		Size: appliance.Whole, Rounds: 2, Turn: 100 * time.Millisecond, Taps: 8, Count: 1, BenchTime: "100ms",
		Settle: 3 * time.Second, Starts: 1, Days: []int{1}, Students: 400, Asking: 200 * time.Millisecond, Backlog: 20_000,
	}
)

// Results are what a run found; what was not measured is zero.
type Results struct {
	At      time.Time
	Took    time.Duration
	Machine machine.Description
	Others  float64 // share of the processors that other programs took

	Storage   storage.Result
	Lights    []light.Cell
	Decide    gobench.Figures
	Replicate gobench.Figures
	Isolation gobench.Figures
	Ingest    gobench.Figures
	Backlog   gobench.Figures
	Year      gobench.Figures
	Appliance Appliance
}

// Appliance is what the gateway's program takes as a whole.
type Appliance struct {
	Size      appliance.Size
	Timetable int // octets of its document
	Fetched   appliance.Memory
	Restarted appliance.Memory
	Starts    []Start
}

// Start is how soon the gateway shows blue with a journal of some days.
type Start struct {
	Days  int
	Times sample.Times
}

// measurement is one part of a run.
type measurement struct {
	name string
	run  func(*run, context.Context) error
}

// measurements are in the order of the run: the disk first, since the budget of a light contains one flush of it.
var measurements = []measurement{
	{"storage", (*run).storage},
	{"decide", (*run).decide},
	{"light", (*run).light},
	{"appliance", (*run).appliance},
	{"replicate", (*run).replicate},
	{"isolation", (*run).isolation},
	{"ingest", (*run).ingest},
	{"backlog", (*run).backlog},
	{"year", (*run).year},
}

// Names are those Options.Only may hold.
func Names() []string {
	var names []string
	for _, m := range measurements {
		names = append(names, m.name)
	}
	return names
}

// ErrVolatile means that figures about a disk were to be measured in memory.
var ErrVolatile = errors.New("the directory lies in memory, where a flush costs nothing; name one on a disk with --dir")

// run is one run under way.
type run struct {
	o       Options
	dir     string
	results Results
}

// Run measures what is wanted, one thing at a time.
func Run(ctx context.Context, o Options) (Results, error) {
	if machine.Volatile(o.Dir) {
		return Results{}, fmt.Errorf("%w: %s", ErrVolatile, o.Dir)
	}
	dir, err := os.MkdirTemp(o.Dir, "bench-")
	if err != nil {
		return Results{}, fmt.Errorf("measure: %w", err)
	}
	r := &run{o: o, dir: dir, results: Results{At: time.Now(), Machine: machine.Describe(dir)}}
	usage := machine.Watch()
	err = r.all(ctx)
	r.results.Took, r.results.Others = time.Since(r.results.At), usage.Others()
	if err != nil && ctx.Err() == nil {
		return r.results, fmt.Errorf("measure: %w; what the gateway printed is in %s", err, dir)
	}
	return r.results, errors.Join(err, os.RemoveAll(dir))
}

func (r *run) all(ctx context.Context) error {
	for _, m := range measurements {
		if len(r.o.Only) > 0 && !slices.Contains(r.o.Only, m.name) {
			continue
		}
		began := time.Now()
		if err := m.run(r, ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		r.tell("%s: took %v", m.name, time.Since(began).Round(time.Second))
	}
	return nil
}

func (r *run) tell(format string, args ...any) { fmt.Fprintf(r.o.Out, format+"\n", args...) }
