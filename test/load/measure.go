package load

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/load/gobench"
	"github.com/rollcall-edge/rollcall/test/load/light"
	"github.com/rollcall-edge/rollcall/test/load/storage"
)

// The lines on which lights are measured.
var (
	speeds  = []int{9600, 38400, 115200}
	readers = []int{1, 4, 8}
)

// memoryBaud is the speed of the bus while memory is read.
const memoryBaud = 38400

func (r *run) storage(ctx context.Context) (err error) {
	r.results.Storage, err = storage.Measure(ctx, storage.Options{Dir: r.dir, Rounds: r.o.Effort.Rounds, Turn: r.o.Effort.Turn})
	return err
}

func (r *run) decide(ctx context.Context) (err error) {
	r.results.Decide, err = r.benchmark(ctx, "./gateway/decide", "BenchmarkDecide")
	return err
}

func (r *run) replicate(ctx context.Context) (err error) {
	r.results.Replicate, err = r.benchmark(ctx, "./gateway/replicate", "BenchmarkReplicate")
	return err
}

func (r *run) isolation(ctx context.Context) (err error) {
	r.results.Isolation, err = gobench.Run(ctx, r.o.Module, gobench.Benchmark{Package: "./gateway/replicate", Name: "BenchmarkIsolation", Count: r.o.Effort.Count, Time: "1x"})
	return err
}

func (r *run) ingest(ctx context.Context) (err error) {
	r.results.Ingest, err = r.benchmark(ctx, "./central/store", "BenchmarkIngest(Sealed)?")
	return err
}

func (r *run) backlog(ctx context.Context) (err error) {
	r.results.Backlog, err = gobench.Run(ctx, r.o.Module, gobench.Benchmark{
		Package: "./test/load/backlog", Name: "BenchmarkBacklog", Count: 1, Time: "1x", Args: []string{"-records", strconv.Itoa(r.o.Effort.Backlog)},
	})
	return err
}

func (r *run) year(ctx context.Context) (err error) {
	r.results.Year, err = gobench.Run(ctx, r.o.Module, gobench.Benchmark{
		Package: "./test/load/year", Name: "BenchmarkYear", Count: 1, Time: "1x", Args: []string{"-students", strconv.Itoa(r.o.Effort.Students), "-seconds", r.o.Effort.Asking.String()},
	})
	return err
}

func (r *run) benchmark(ctx context.Context, pkg, name string) (gobench.Figures, error) {
	return gobench.Run(ctx, r.o.Module, gobench.Benchmark{Package: pkg, Name: name, Count: r.o.Effort.Count, Time: r.o.Effort.BenchTime})
}

// at opens a site, lets f use it, and closes it.
func (r *run) at(ctx context.Context, name string, f func(*appliance.Site) error) error {
	dir := filepath.Join(r.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	site, err := appliance.Open(ctx, dir, r.o.Gateway, r.o.Effort.Size)
	if err != nil {
		return err
	}
	return errors.Join(f(site), site.Close())
}

// wirings are all lines of the table: by speed, then in the plain mode and under keys, then by readers.
func wirings() []appliance.Wiring {
	var all []appliance.Wiring
	for _, baud := range speeds {
		for _, secure := range []bool{false, true} {
			for _, n := range readers {
				all = append(all, appliance.Wiring{Baud: baud, Readers: n, Secure: secure})
			}
		}
	}
	return all
}

func (r *run) light(ctx context.Context) error {
	return r.at(ctx, "light", func(s *appliance.Site) error {
		for _, w := range wirings() {
			cell, err := light.Measure(ctx, s, w, r.o.Effort.Taps)
			if err != nil {
				return err
			}
			r.tell("light: %s: median %v", wiring(w), cell.Tap.Median().Round(10*time.Microsecond))
			r.results.Lights = append(r.results.Lights, cell)
		}
		return nil
	})
}

// appliance follows a gateway from its first timetable to a restart after a month.
func (r *run) appliance(ctx context.Context) error {
	return r.at(ctx, "appliance", func(s *appliance.Site) (err error) {
		a := &r.results.Appliance
		a.Size, a.Timetable = r.o.Effort.Size, s.TimetableBytes()
		if a.Fetched, err = r.memory(ctx, s); err != nil {
			return err
		}
		if a.Restarted, err = r.memory(ctx, s); err != nil {
			return err
		}
		past := 0
		for _, days := range r.o.Effort.Days {
			if err := s.Remember(ctx, days-past); err != nil {
				return err
			}
			past = days
			start := Start{Days: days}
			for range r.o.Effort.Starts {
				took, err := s.Blue(ctx)
				if err != nil {
					return err
				}
				start.Times = append(start.Times, took)
			}
			r.tell("appliance: blue after %v with a journal of %d days", start.Times.Median().Round(time.Millisecond), days)
			a.Starts = append(a.Starts, start)
		}
		return nil
	})
}

// memory runs the gateway with eight readers until it has its timetable and a while longer.
func (r *run) memory(ctx context.Context, s *appliance.Site) (m appliance.Memory, err error) {
	line, err := s.NewLine(appliance.Wiring{Baud: memoryBaud, Readers: readers[len(readers)-1]})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, line.Close()) }()
	g, err := s.Start(line)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, g.Stop()) }()
	if err := errors.Join(g.Serving(ctx), g.Settled(ctx), rest(ctx, r.o.Effort.Settle)); err != nil {
		return m, err
	}
	m, err = g.Memory()
	r.tell("appliance: %d MiB resident", m.Resident>>20)
	return m, err
}

func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
