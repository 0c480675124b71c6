// Package versus measures, in one run, three gateways and three members of etcd side by side: how fast they keep small values
// on a majority on the same disk, what they write to memory cards for each, how much memory they take, and how long a lone
// tap's light takes on a slow card. It is not a test: nothing fails for being slow, an aim that is missed is printed as missed.
package versus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/load/machine"
	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/versus/cluster"
	"github.com/rollcall-edge/rollcall/test/versus/member"
)

// Options of a run.
type Options struct {
	Dir    string    // a directory of the disk to be measured; the run works in a new one inside and removes it
	Member []string  // command that runs member.Serve
	Effort Effort    // how long to measure
	Out    io.Writer // is told what goes on
}

// Effort is how long to measure.
type Effort struct {
	Rounds int           // of the loads
	Turn   time.Duration // of each load in a round
	Paced  time.Duration // for each pace, on cards
	Lone   int           // taps
}

// Thorough takes three minutes; its figures are worth printing. Brief takes half a minute and shows that everything works.
var (
	Thorough = Effort{Rounds: 3, Turn: 2 * time.Second, Paced: 40 * time.Second, Lone: 40}
	Brief    = Effort{Rounds: 1, Turn: 500 * time.Millisecond, Paced: 3 * time.Second, Lone: 5}
)

// Clients are how many values at a time each contender is given.
var Clients = []int{1, 16, 256}

// Results are what a run found.
type Results struct {
	At      time.Time
	Took    time.Duration
	Machine machine.Description
	Others  float64 // share of the processors that other programs took

	Etcd    string // version; empty where it is not installed
	Value   int    // octets of a value: those of a record of a tap
	Speeds  []Speed
	Driving float64    // share of the processors that this program took while it gave etcd 256 values at a time
	Cards   *CardsRun  // nil where there can be none
	NoCards error      // why
	Memory  MemoryPeak // 256 at a time
}

// Speed is what one contender did with so many clients.
type Speed struct {
	Clients        int
	Gateways, Etcd Rate
	Ratio          float64 // of the rates in the same round, median of the rounds
}

// Rate is of values on a majority.
type Rate struct {
	PerSecond    float64       // median of the rounds
	Middle, Late time.Duration // median and 99th percentile of all
}

// MemoryPeak is the largest that any member has been, in octets.
type MemoryPeak struct{ Gateway, Etcd int64 }

// run is one run under way.
type run struct {
	o         Options
	dir       string
	etcd      string // path of the program; empty where there is none
	timetable member.Timetable
	value     []byte
	results   Results
}

// Run measures everything, one thing at a time.
func Run(ctx context.Context, o Options) (Results, error) {
	if machine.Volatile(o.Dir) {
		return Results{}, fmt.Errorf("the directory lies in memory, where a flush costs nothing; name one on a disk with --dir: %s", o.Dir)
	}
	dir, err := os.MkdirTemp(o.Dir, "versus-")
	if err != nil {
		return Results{}, fmt.Errorf("measure: %w", err)
	}
	r := &run{o: o, dir: dir, results: Results{At: time.Now(), Machine: machine.Describe(dir)}}
	usage := machine.Watch()
	err = r.all(ctx)
	r.results.Took, r.results.Others = time.Since(r.results.At), usage.Others()
	if err != nil && ctx.Err() == nil {
		return r.results, fmt.Errorf("measure: %w; what the members printed is in %s", err, dir)
	}
	return r.results, errors.Join(err, os.RemoveAll(dir))
}

func (r *run) all(ctx context.Context) error {
	for _, step := range []func(context.Context) error{r.find, r.prepare, r.speeds, r.cards} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// find looks for etcd.
func (r *run) find(ctx context.Context) (err error) {
	if r.etcd, err = exec.LookPath("etcd"); err != nil {
		r.etcd = ""
		r.tell("etcd is not installed: the gateways are measured alone")
		return nil
	}
	r.results.Etcd, err = cluster.EtcdVersion(ctx, r.etcd)
	return err
}

// prepare makes the timetable, and the value that etcd is given: a record of a tap, as it stands in the Raft log of a gateway.
func (r *run) prepare(context.Context) (err error) {
	if r.timetable, err = newTimetable(filepath.Join(r.dir, "timetable"), appliance.Whole, time.Now()); err != nil {
		return err
	}
	f := r.timetable.Taps[0]
	r.value, err = contract.AppendRecord(nil, contract.Record{
		ID:    contract.TapID{Stream: contract.Stream{1}, Seq: 1},
		Stamp: contract.Stamp{At: time.Now().UTC(), Quality: contract.Synchronised, Within: 10 * time.Millisecond},
		Tap: &contract.Tap{
			Point: f.Point, Digest: f.Digest, Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "20261005T0900-R-001", Timetable: 1,
		},
	})
	r.results.Value = len(r.value)
	return err
}

// pair are the contenders of one comparison. Etcd is nil where it is not installed.
type pair struct {
	gateways *cluster.Gateways
	etcd     *cluster.Etcd
}

// open starts both contenders.
func (r *run) open(ctx context.Context, name string, gateways, etcd cluster.Dirs, linger time.Duration) (p pair, err error) {
	p.gateways, err = cluster.OpenGateways(ctx, cluster.GatewayOptions{
		Command: r.o.Member, Dirs: gateways, Keys: filepath.Join(r.dir, name, "gateways"), Timetable: r.timetable, Linger: linger,
	})
	if err != nil || r.etcd == "" {
		return p, err
	}
	p.etcd, err = cluster.OpenEtcd(ctx, cluster.EtcdOptions{Program: r.etcd, Dirs: etcd, Keys: filepath.Join(r.dir, name, "etcd"), Value: r.value})
	if err != nil {
		return p, errors.Join(err, p.gateways.Close())
	}
	return p, nil
}

func (p pair) close() error {
	err := p.gateways.Close()
	if p.etcd != nil {
		err = errors.Join(err, p.etcd.Close())
	}
	return err
}

// memory is the peak of both.
func (p pair) memory() (m MemoryPeak, err error) {
	if m.Gateway, err = cluster.Peak(p.gateways.PIDs()); err != nil || p.etcd == nil {
		return m, err
	}
	m.Etcd, err = cluster.Peak(p.etcd.PIDs())
	return m, err
}

// slow are cards as they are in gateways.
var slow = card.Typical

func (r *run) tell(format string, args ...any) { fmt.Fprintf(r.o.Out, format+"\n", args...) }

// rates gathers the loads of one contender with so many clients.
type rates struct {
	perSecond []float64 // of each round
	times     sample.Times
}

func (s *rates) add(l cluster.Load) {
	s.perSecond = append(s.perSecond, float64(len(l.Times))/l.Took.Seconds())
	s.times = append(s.times, l.Times...)
}

func (s *rates) conclude() Rate {
	return Rate{PerSecond: sample.Median(s.perSecond), Middle: s.times.Median(), Late: s.times.Quantile(0.99)}
}
