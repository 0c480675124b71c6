package versus

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/versus/cluster"
)

// linger is how long the shippers wait for company while speeds are measured, where somebody waits for each tap: long enough for
// those whom one answer has set free to come back together. In the field nobody waits, and it is a hundred times that.
const linger = time.Millisecond

// between is how long both rest between two loads, so that what the one still does in the background does not strike the other.
const between = 300 * time.Millisecond

// bout is both contenders with so many clients, over all rounds.
type bout struct {
	clients        int
	gateways, etcd rates
}

// speeds lets the contenders take turns on the disk.
func (r *run) speeds(ctx context.Context) (err error) {
	gateways, err := cluster.Below(r.dir, "gateway")
	if err != nil {
		return err
	}
	etcd, err := cluster.Below(r.dir, "etcd")
	if err != nil {
		return err
	}
	p, err := r.open(ctx, "disk", gateways, etcd, linger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	var bouts []*bout
	for _, n := range Clients {
		bouts = append(bouts, &bout{clients: n})
	}
	for round := range r.o.Effort.Rounds {
		for _, b := range bouts {
			if err := r.fight(ctx, p, b, round%2 == 1); err != nil {
				return err
			}
		}
	}
	for _, b := range bouts {
		r.results.Speeds = append(r.results.Speeds, b.conclude())
	}
	r.results.Memory, err = p.memory()
	return err
}

// fight gives both contenders a turn; in every second round etcd comes first.
func (r *run) fight(ctx context.Context, p pair, b *bout, backwards bool) error {
	turns := []func() error{
		func() error { return r.turn(ctx, p.gateways, b.clients, &b.gateways) },
		func() error { return r.driving(ctx, p, b) },
	}
	if backwards {
		turns[0], turns[1] = turns[1], turns[0]
	}
	return errors.Join(turns[0](), turns[1]())
}

func (r *run) turn(ctx context.Context, c cluster.Cluster, clients int, into *rates) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	load, err := c.Load(ctx, clients, r.o.Effort.Turn)
	if err != nil {
		return err
	}
	into.add(load)
	r.tell("%d at a time: %.0f a second", clients, into.perSecond[len(into.perSecond)-1])
	time.Sleep(between)
	return nil
}

// driving is etcd's turn, and looks at what share of the processors its clients take, which are part of this program.
func (r *run) driving(ctx context.Context, p pair, b *bout) error {
	if p.etcd == nil {
		return nil
	}
	began, before := time.Now(), own()
	err := r.turn(ctx, p.etcd, b.clients, &b.etcd)
	took := time.Since(began) - between
	r.results.Driving = (own() - before).Seconds() / took.Seconds() / float64(r.results.Machine.Cores)
	return err
}

// own is the processor time of this program.
func own() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// conclude compares both round by round.
func (b *bout) conclude() Speed {
	s := Speed{Clients: b.clients, Gateways: b.gateways.conclude(), Etcd: b.etcd.conclude()}
	var ratios []float64
	for i, rate := range b.etcd.perSecond {
		ratios = append(ratios, b.gateways.perSecond[i]/rate)
	}
	s.Ratio = sample.Median(ratios)
	return s
}
