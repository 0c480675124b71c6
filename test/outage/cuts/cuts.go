// Package cuts takes the power from a store while it is written to, again and again, and looks each time for everything that
// the store had promised by then. It knows promises and records, not what the gateway uses them for.
//
// The store runs in a process of its own on a card; a cut is the image that the card would have kept. It is mounted beside it, which replays the file
// system's journal, and the store is opened on it, written to and cut once more: while it recovers, or after. The store itself
// never notices, so that hundreds of cuts come from one run.
package cuts

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/card"
)

// Store is what is to lose nothing.
type Store interface {
	// Put keeps a record, whose number nobody puts twice. When it returns nil, the record is promised. Safe from any goroutine.
	Put(record uint64) error
	// Records are all that are kept, in any order.
	Records() ([]uint64, error)
	Close() error
}

// Open opens a store in a folder, which may not be there yet. It fails when what it finds there is damaged.
type Open func(dir string) (Store, error)

// Options of Run. The zero value of each but Store is its default.
type Options struct {
	Store      string          // which of those that Serve was given
	Cuts       int             // how many at least; 0 is 100
	Writers    int             // at once; 0 is 4
	FileSystem card.FileSystem // "" is ext4
	Pace       card.Pace       // zero is a flush of 2 ms: a cut then finds most flushes under way
	Seed       uint64
}

// Result is what came of the cuts.
type Result struct {
	Cuts     int            // of the store at work
	Again    int            // of stores that recovered from a cut or had just done so
	Bit      int            // of both, those that found writes unflushed
	Kinds    map[string]int // of both, by kind
	Promised int            // records promised and looked for, summed over all cuts
	Lost     int            // of them, those that were not there
	Broken   []error        // stores and file systems that did not come up, or held what nobody had put
}

// Total is all cuts.
func (r Result) Total() int { return r.Cuts + r.Again }

// kinds are used in turn. KeepAll is among them: a card may have written more than it had to.
var kinds = []card.Cut{card.DropAll, card.TornPrefix, card.RandomSectors, card.Reordered, card.KeepAll}

const (
	perCard    = 25                    // cuts before a fresh card and store: records pile up, and all are looked for each time
	afterwards = 20                    // records put into a store that has recovered
	between    = 10 * time.Millisecond // cuts, at least; verifying takes longer
	recovery   = 60 * time.Millisecond // of a store, its process's start among it: within it a second cut comes
	beyond     = uint64(1) << 40       // numbers that the writers never reach
	storeName  = "store"
)

// Run cuts until it has cut often enough or ctx ends. An error is a fault of the laboratory; what the store did wrong is in
// the Result.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Cuts == 0 {
		o.Cuts = 100
	}
	if o.Writers == 0 {
		o.Writers = 4
	}
	if o.Pace == (card.Pace{}) {
		o.Pace = card.Pace{Flush: 2 * time.Millisecond}
	}
	r := &run{o: o, random: rand.New(rand.NewPCG(o.Seed, 0xc07)), result: Result{Kinds: map[string]int{}}} //nolint:gosec // repeatable
	for r.result.Cuts < o.Cuts {
		if err := r.round(ctx); err != nil {
			return r.result, fmt.Errorf("cut power: %w", err)
		}
	}
	return r.result, nil
}

type run struct {
	o       Options
	random  *rand.Rand
	serial  uint64 // of seeds
	crashes int
	result  Result
}

// open makes a card, with or without an image on it.
func (r *run) open(ctx context.Context, i *card.Image) (*card.Card, error) {
	r.serial++
	o := card.Options{Name: "cuts", FileSystem: r.o.FileSystem, Pace: r.o.Pace, Seed: r.o.Seed + r.serial, Image: i}
	return card.Open(ctx, o)
}

// round cuts one store on one card.
func (r *run) round(ctx context.Context) (err error) {
	c, err := r.open(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	s, err := begin(ctx, r.o.Store, store(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.end()) }()
	if err := s.awaitOpen(); err != nil {
		return err
	}
	s.order("write %d", r.o.Writers)
	for n := 0; n < perCard && r.result.Cuts < r.o.Cuts && err == nil; n++ {
		if err = pause(ctx, between); err == nil {
			err = r.cut(ctx, c, s)
		}
	}
	return err
}

func store(c *card.Card) string { return filepath.Join(c.Dir(), storeName) }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// cut takes the power once, looks at what is left, and cuts that as well: in turns while it recovers and when it has.
func (r *run) cut(ctx context.Context, c *card.Card, s *owner) error {
	promised := s.promises() // first: whatever is promised by now was promised before the power went
	image := r.crash(c)
	r.result.Cuts++
	second, promised, err := r.look(ctx, image, promised, moment(r.result.Cuts%2))
	if err != nil || second == nil {
		return err
	}
	r.result.Again++
	_, _, err = r.look(ctx, second, promised, never)
	return err
}

// crash cuts at a moment when something is unflushed, if one comes soon.
func (r *run) crash(c *card.Card) *card.Image {
	for began := time.Now(); c.Pending() == 0 && time.Since(began) < between; {
		time.Sleep(between / 100)
	}
	kind := kinds[r.crashes%len(kinds)]
	r.crashes++
	image, damage := c.Crash(kind)
	r.result.Kinds[kind.String()]++
	if damage.Pending > 0 {
		r.result.Bit++
	}
	return image
}

// moment is when a store that recovers is cut a second time.
type moment int

const (
	recovering moment = iota
	recovered
	never
)

// look mounts an image and compares what its store holds with what was promised. At the second cut it gives the image of
// that, and what is promised by then.
func (r *run) look(ctx context.Context, i *card.Image, promised []uint64, again moment) (second *card.Image, by []uint64, err error) {
	c, err := r.open(ctx, i)
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, err
		}
		r.broken(err)
		return nil, nil, nil
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	s, err := begin(ctx, r.o.Store, store(c))
	if err != nil {
		return nil, nil, err
	}
	defer func() { r.broken(s.end()) }()
	if again == recovering {
		time.Sleep(time.Duration(r.random.Int64N(int64(recovery))))
		second = r.crash(c)
	}
	if !r.compare(s, promised) || again != recovered {
		return second, promised, nil
	}
	r.broken(s.put(beyond, afterwards))
	promised = append(promised, s.promises()...)
	return r.crash(c), promised, nil
}

// compare looks for everything that was promised in a store that came up; false when it did not.
func (r *run) compare(s *owner, promised []uint64) bool {
	if err := s.awaitOpen(); err != nil {
		r.broken(err)
		return false
	}
	records, err := s.list()
	if err != nil {
		r.broken(err)
		return false
	}
	times := make(map[uint64]int, len(records))
	for _, record := range records {
		if times[record]++; times[record] > 1 {
			r.broken(fmt.Errorf("record %d is there twice", record))
		}
	}
	for _, record := range promised {
		if times[record] == 0 {
			r.result.Lost++
		}
	}
	r.result.Promised += len(promised)
	return true
}

// broken notes what a store did wrong; nil is nothing.
func (r *run) broken(err error) {
	if err != nil {
		r.result.Broken = append(r.result.Broken, err)
	}
}
