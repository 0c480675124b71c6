// Package storage measures how fast single taps become durable, side by side in the same minutes on the same disk: the
// gateway's journal, Badger as it would be used in its place, and a bare write with fdatasync, which is the disk's own limit.
// It says nothing about recovery; the tests of the journal do.
package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// Options say how long to measure.
type Options struct {
	Dir    string        // a directory of the disk to be measured
	Rounds int           // every contender has a turn in each; the figures are medians of the rounds
	Turn   time.Duration // of one contender
}

// Writers are how many taps at a time each contender is given.
var Writers = []int{1, 16, 256}

// Speed is what one contender did with so many writers.
type Speed struct {
	Rate   float64       // taps durable per second, median of the rounds
	Middle time.Duration // one tap, median of all
	Late   time.Duration // one tap, 99th percentile of all
	Times  float64       // Rate over that of the bare disk in the same round, median of the rounds
}

// Result is what Measure found. Journal and Badger have an entry for each of Writers.
type Result struct {
	Disk    Speed // one writer: 4 KiB and an fdatasync
	Journal []Speed
	Badger  []Speed
}

// contender keeps taps.
type contender interface {
	// keep makes one tap durable. It is called by many goroutines at a time.
	keep(r contract.Record) error
	close() error
}

// bout is one contender with a number of writers, over all rounds.
type bout struct {
	contender contender
	writers   int
	rates     []float64 // of each round
	times     sample.Times
}

// Measure lets the contenders take turns.
func Measure(ctx context.Context, o Options) (Result, error) {
	dir, err := os.MkdirTemp(o.Dir, "storage-")
	if err != nil {
		return Result{}, fmt.Errorf("measure storage: %w", err)
	}
	result, err := measure(ctx, o, dir)
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		return Result{}, fmt.Errorf("measure storage: %w", err)
	}
	return result, nil
}

func measure(ctx context.Context, o Options, dir string) (Result, error) {
	d, err := openDisk(filepath.Join(dir, "disk"))
	if err != nil {
		return Result{}, err
	}
	r, err := compare(ctx, o, dir, d)
	return r, errors.Join(err, d.close())
}

func compare(ctx context.Context, o Options, dir string, d contender) (r Result, err error) {
	if r.Disk, r.Journal, err = against(ctx, o, d, filepath.Join(dir, "journal"), openJournal); err != nil {
		return r, err
	}
	_, r.Badger, err = against(ctx, o, d, filepath.Join(dir, "badger"), openBadger)
	return r, err
}

// against lets one contender and the bare disk take turns; what the one still does in the background does not strike another.
func against(ctx context.Context, o Options, d contender, dir string, open func(dir string) (contender, error)) (disk Speed, speeds []Speed, err error) {
	c, err := open(dir)
	if err != nil {
		return disk, nil, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	bouts := []*bout{{contender: d, writers: 1}}
	for _, n := range Writers {
		bouts = append(bouts, &bout{contender: c, writers: n})
	}
	for round := range o.Rounds {
		if err := fightRound(ctx, bouts, o.Turn, round%2 == 1); err != nil {
			return disk, nil, err
		}
	}
	for _, b := range bouts {
		speeds = append(speeds, b.conclude(bouts[0]))
	}
	return speeds[0], speeds[1:], nil
}

// fightRound goes through the bouts, every second time from the last to the first, so that none always follows the same one.
func fightRound(ctx context.Context, bouts []*bout, turn time.Duration, backwards bool) error {
	for i := range bouts {
		if backwards {
			i = len(bouts) - 1 - i
		}
		if err := bouts[i].fight(ctx, turn); err != nil {
			return err
		}
	}
	return nil
}

// conclude compares a bout with the disk's, round by round.
func (b *bout) conclude(disk *bout) Speed {
	var ratios []float64
	for i, rate := range b.rates {
		ratios = append(ratios, rate/disk.rates[i])
	}
	return Speed{Rate: sample.Median(b.rates), Times: sample.Median(ratios), Middle: b.times.Median(), Late: b.times.Quantile(0.99)}
}

// fight gives a contender its turn: every writer waits for its tap before it brings the next.
func (b *bout) fight(ctx context.Context, turn time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var (
		all  sync.WaitGroup
		mu   sync.Mutex // guards the next two
		kept sample.Times
		errs []error
	)
	began := time.Now()
	for w := range b.writers {
		all.Go(func() {
			times, err := write(b.contender, w, began.Add(turn))
			mu.Lock()
			defer mu.Unlock()
			kept, errs = append(kept, times...), append(errs, err)
		})
	}
	all.Wait()
	b.rates = append(b.rates, float64(len(kept))/time.Since(began).Seconds())
	b.times = append(b.times, kept...)
	return errors.Join(errs...)
}

func write(c contender, writer int, until time.Time) (sample.Times, error) {
	var times sample.Times
	r := tap(writer)
	for {
		began := time.Now()
		if began.After(until) {
			return times, nil
		}
		if err := c.keep(r); err != nil {
			return times, err
		}
		times = append(times, time.Since(began))
	}
}

// tap is a record as a gateway writes it.
func tap(writer int) contract.Record {
	return contract.Record{
		Stamp: contract.Stamp{At: time.Now().UTC(), Quality: contract.Synchronised, Within: 10 * time.Millisecond},
		Tap: &contract.Tap{
			Point: fmt.Sprintf("JCB-%03d/door", writer), Digest: contract.DigestOf([]byte("campus"), fmt.Sprint(writer)),
			Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "CS1010-L01-2026-10-05-0900", Timetable: 42,
		},
	}
}
