// Package judge carries facts through the pure parts of central: it takes students whose facts changed, derives their marks,
// standings and findings anew, and stores what is different. It has no opinion of its own: marks come from register, figures
// from engagement, findings from rules.
//
// It is a room of its own because register, engagement and rules must stay free of stores and clocks, and none of them may
// know the others sideways.
package judge

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// Store keeps facts and judgements.
type Store interface {
	// Calendar is the university's terms and proclaimed holidays.
	Calendar(ctx context.Context) (*calendar.Calendar, error)
	// Dirty lists up to limit students whose facts changed since they were judged, oldest change first.
	Dirty(ctx context.Context, limit int) ([]Dirty, error)
	// Cases reads all that is known of these students, from one state of the database.
	Cases(ctx context.Context, students []Dirty) ([]Case, error)
	// Save stores what changed, all of it or nothing, and takes each student off the dirty list unless new facts came since.
	Save(ctx context.Context, verdicts []Verdict) error
	// TouchClosed makes dirty the students of registers whose last millisecond was in [after, until), and of classes that
	// ended in (after, until]; with a zero after, those of every register that closed and was last judged while it was open.
	TouchClosed(ctx context.Context, after, until time.Time) error
	// TouchWaking makes dirty the students whose WakeAt has come.
	TouchWaking(ctx context.Context, now time.Time) error
	// TouchDaily makes everybody dirty once on each day, because time alone can meet a rule.
	TouchDaily(ctx context.Context, day calendar.Day, now time.Time) error
	// Everybody lists up to limit students behind one, in the order of their numbers, dirty or not.
	Everybody(ctx context.Context, after string, limit int) ([]Dirty, error)
	// DirtyCount is how many students wait to be judged.
	DirtyCount(ctx context.Context) (int64, error)

	UniversityStore
}

// Dirty is a student who must be judged again.
type Dirty struct {
	Student string
	Since   int64 // grows with every new fact
}

// Policies is where the policies in force are.
type Policies interface {
	Book(ctx context.Context) (*policy.Book, error)
}

// Options is what a Judge needs.
type Options struct {
	Store      Store
	Policies   Policies
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Judge is a runner that keeps judgements in step with facts. It is safe for concurrent use.
type Judge struct {
	o       Options
	wake    chan struct{}
	metrics *metrics

	mu     sync.Mutex // held while somebody settles; guards everything that follows
	looked time.Time  // registers that closed up to here have been touched
}

// New makes a Judge and registers its metrics.
func New(o Options) *Judge {
	return &Judge{o: o, wake: make(chan struct{}, 1), metrics: newMetrics(o.Registerer)}
}

// Wake says that facts changed. It returns at once; without it they are noticed within a second.
func (j *Judge) Wake() {
	select {
	case j.wake <- struct{}{}:
	default: // somebody has said so already
	}
}

const (
	lookEvery = time.Second   // also how late a register that closes by the clock is judged
	batchSize = 64            // students per transaction: ingest waits behind it
	wholeSize = 4 * batchSize // when nothing else is at work: more of them share a sum, and a commit
	roundSize = 64 * batchSize
)

// pace is how much of the machine judging takes.
type pace struct {
	workers int
	batch   int // students per transaction
}

// beside is the pace while people are looking at pages.
func beside() pace { return pace{workers: max(1, runtime.GOMAXPROCS(0)/2), batch: batchSize} }

// alone is the pace when nothing else is at work.
func alone() pace { return pace{workers: runtime.GOMAXPROCS(0), batch: wholeSize} }

// Run judges until ctx ends. An error of the database is logged and tried again: facts are safe, judgements merely late.
func (j *Judge) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := j.settle(ctx, beside()); err != nil && ctx.Err() == nil {
			j.o.Log.Error("judging failed; it will be tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-j.wake:
		}
	}
}

// Settle judges everybody who is dirty, and those whose register closed since the last look.
func (j *Judge) Settle(ctx context.Context) error { return j.settle(ctx, alone()) }

func (j *Judge) settle(ctx context.Context, at pace) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.o.Now()
	if err := j.o.Store.TouchClosed(ctx, j.looked, now); err != nil {
		return fmt.Errorf("touch closed registers: %w", err)
	}
	if err := j.o.Store.TouchWaking(ctx, now); err != nil {
		return fmt.Errorf("touch students to be judged again: %w", err)
	}
	if err := j.o.Store.TouchDaily(ctx, calendar.DayOf(now), now); err != nil {
		return fmt.Errorf("touch everybody for the day: %w", err)
	}
	j.looked = now
	for {
		n, err := j.round(ctx, at)
		if err != nil {
			return err
		}
		if n == 0 {
			return j.idle(ctx)
		}
	}
}

func (j *Judge) idle(ctx context.Context) error {
	waiting, err := j.o.Store.DirtyCount(ctx)
	if err != nil {
		return fmt.Errorf("count dirty students: %w", err)
	}
	j.metrics.dirty.Set(float64(waiting))
	j.metrics.success.Set(float64(j.o.Now().Unix()))
	return nil
}

// round judges those who wait longest.
func (j *Judge) round(ctx context.Context, at pace) (int, error) {
	waiting, err := j.o.Store.Dirty(ctx, roundSize)
	if err != nil || len(waiting) == 0 {
		return 0, wrap("list dirty students", err)
	}
	return len(waiting), j.judge(ctx, waiting, at)
}

// Judge judges these students, as Run does.
func (j *Judge) Judge(ctx context.Context, waiting []Dirty) error {
	return j.judge(ctx, waiting, beside())
}

// judge has workers read, conclude and store, each a batch at a time. Only one of them can store at once, and it waits for the disk:
// so there is one more than the processors it may take.
func (j *Judge) judge(ctx context.Context, waiting []Dirty, at pace) error {
	cal, err := j.o.Store.Calendar(ctx)
	if err != nil {
		return fmt.Errorf("read calendar: %w", err)
	}
	book, err := j.o.Policies.Book(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan []Dirty)
	group.Go(func() error { defer close(batches); return send(ctx, batches, slices.Chunk(waiting, at.batch)) })
	for range min(at.workers+1, (len(waiting)+at.batch-1)/at.batch) {
		group.Go(func() error {
			for batch := range batches {
				if err := j.conclude(ctx, batch, book, cal); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// conclude judges a batch and stores what is different.
func (j *Judge) conclude(ctx context.Context, batch []Dirty, book *policy.Book, cal *calendar.Calendar) error {
	started := time.Now()
	cases, err := j.o.Store.Cases(ctx, batch)
	if err != nil {
		return fmt.Errorf("read facts: %w", err)
	}
	now := j.o.Now()
	verdicts := make([]Verdict, len(cases))
	for i, c := range cases {
		verdicts[i] = c.judge(book, cal, now)
	}
	if err := j.o.Store.Save(ctx, verdicts); err != nil {
		return fmt.Errorf("save judgements: %w", err)
	}
	j.metrics.run.Observe(time.Since(started).Seconds() / float64(len(verdicts)))
	return nil
}

// send hands over values until ctx ends.
func send[T any](ctx context.Context, to chan<- T, values iter.Seq[T]) error {
	for v := range values {
		select {
		case to <- v:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
