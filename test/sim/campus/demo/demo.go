package demo

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/crowd"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/campus/verdict"
)

// Demo is one run of the campus.
type Demo struct {
	o      Options
	kept   *kept
	campus *campus.Campus
	site   *site.Site
	crowd  *crowd.Crowd
	screen *screen

	began   time.Time       // of tapping
	base    uint64          // records in the journals before
	live    []model.Session // of this run
	before  []model.Session // of earlier runs in the last hours
	earlier []model.Tap     // likewise
	vouched model.Interval  // what the retired gateways said of the time before
	login   [2]string

	campusKey []byte // under which cards are told
}

// ErrOver means that the term of the kept campus has ended.
var ErrOver = errors.New("the term of this campus has ended; make a new one with: make clean demo")

// Run runs the campus until ctx ends or, in a bounded run, until the verdict is there. Everything it started has ended when it
// returns. The result is nil without a verdict.
func Run(ctx context.Context, o Options) (result *verdict.Result, err error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	d := &Demo{o: o, screen: &screen{out: o.Out, columns: o.Columns}}
	began := time.Now()
	if d.site, err = site.Open(o.Dir, o.Bin, o.Seed); err != nil {
		return nil, err
	}
	defer func() {
		if result == nil { // otherwise they have stopped for the verdict
			d.screen.say("stopping: gateways first, then central")
		}
		err = errors.Join(err, d.site.Close())
	}()
	if err := d.prepare(ctx); err != nil {
		return nil, interrupted(ctx, err)
	}
	d.screen.say("ready after %.1f s", time.Since(began).Seconds())
	d.banner()
	if o.For == 0 {
		return nil, interrupted(ctx, d.open(ctx))
	}
	result, err = d.bounded(ctx)
	return result, interrupted(ctx, err)
}

// interrupted is nil for an error that comes of being asked to stop.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// open lets people come until ctx ends, class after class. A program that ends is started again, as systemd would.
func (d *Demo) open(ctx context.Context) error {
	supervising, stop := context.WithCancel(ctx)
	supervised := make(chan struct{})
	go func() {
		defer close(supervised)
		d.supervise(supervising)
	}()
	defer func() { stop(); <-supervised }()
	for ctx.Err() == nil {
		now := time.Now()
		if err := d.openClasses(ctx, now, time.Time{}); err != nil {
			return err
		}
		d.begin(ctx)
		until := d.live[0].End
		rate := d.o.Rate
		if rate == 0 {
			rate = openRate
		}
		visits := d.campus.Visits(d.live, campus.Pace{From: d.began, Until: until, Rush: rushFor, Rate: rate, Trickle: trickleRate})
		if err := d.watch(ctx, func(ctx context.Context) error { return d.crowd.Run(ctx, visits, until, 0) }); err != nil {
			return err
		}
	}
	return nil
}

// begin puts a new crowd in front of the doors.
func (d *Demo) begin(ctx context.Context) {
	d.base = 0
	for _, g := range d.site.Gateways {
		if j, err := g.Journal(ctx); err == nil { // only the summary counts from here
			d.base += j.Durable
		}
	}
	d.crowd = crowd.New(d.site.Doors(), d.o.Seed)
	d.began = time.Now()
}

// supervise starts again what ended by itself.
func (d *Demo) supervise(ctx context.Context) {
	const rest = 5 * time.Second
	for {
		if err := d.site.Ended(); err != nil {
			d.screen.say("%v; starting it again in %v", err, rest)
			if !sleep(ctx, rest) {
				return
			}
			if err := d.site.Restart(ctx); err != nil && ctx.Err() == nil {
				d.screen.say("%v", err)
			}
		}
		if !sleep(ctx, time.Second) {
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
