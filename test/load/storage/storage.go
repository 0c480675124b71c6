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
	rates     []float64
	ratios    []float64
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

func measure(ctx context.Context, o Options, dir string) (result Result, err error) {
	var open []contender
	defer func() {
		for _, c := range open {
			err = errors.Join(err, c.close())
		}
	}()
	for name, opener := range map[string]func(dir string) (contender, error){"disk": openDisk, "journal": openJournal, "badger": openBadger} {
		c, err := opener(filepath.Join(dir, name))
		if err != nil {
			return Result{}, err
		}
		open = append(open, c)
	}
	bouts := arrange(open)
	for range o.Rounds {
		for _, b := range bouts {
			if err := b.fight(ctx, o.Turn); err != nil {
				return Result{}, err
			}
			b.ratios = append(b.ratios, b.rates[len(b.rates)-1]/bouts[0].rates[len(b.rates)-1])
		}
	}
	return conclude(bouts), nil
}

// arrange puts the bare disk first, which the others of a round are compared with.
func arrange(open []contender) []*bout {
	var first, others []*bout
	for _, c := range open {
		if _, ok := c.(*disk); ok {
			first = append(first, &bout{contender: c, writers: 1})
			continue
		}
		for _, n := range Writers {
			others = append(others, &bout{contender: c, writers: n})
		}
	}
	return append(first, others...)
}

func conclude(bouts []*bout) Result {
	var r Result
	for _, b := range bouts {
		s := Speed{Rate: sample.Median(b.rates), Times: sample.Median(b.ratios), Middle: b.times.Median(), Late: b.times.Quantile(0.99)}
		switch b.contender.(type) {
		case *disk:
			r.Disk = s
		case *journalLog:
			r.Journal = append(r.Journal, s)
		case *badgerDB:
			r.Badger = append(r.Badger, s)
		}
	}
	return r
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
