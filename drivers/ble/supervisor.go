// Package ble keeps watch over Bluetooth beacons: it runs the worker process that owns the adapter, restarts it whenever
// it fails, and remembers which beacons are heard, how strongly, and how their batteries do. It knows nothing of students,
// never stores or shows a device address, and no light at a door depends on it.
//
// go-ble itself is linked in drivers/ble/worker alone and runs in the worker's process alone.
package ble

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options of New. Zero durations and sizes mean the value named.
type Options struct {
	Device int    // 0 for hci0
	Socket string // Unix socket for the worker, at most 107 octets; made by Run, removed when it ends
	// Command starts a worker: program and arguments, to which "--device N --socket PATH" is appended. It must run
	// worker.Run and stay the process that was started.
	Command []string
	// External leaves the starting to systemd: Command is not used, and any process that may write to the socket (the
	// gateway's group) is taken for the worker.
	External bool
	// Beacons maps identifiers, as beacon.ParseID reads them, to where they hang. Only these are metric labels.
	Beacons    map[string]Place
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time // time.Now
	Stderr     io.Writer        // os.Stderr: what the worker's process prints

	ConnectWithin time.Duration // 10 s: from start of the process to its connection
	StatusWithin  time.Duration // 30 s: between two signs of life; above the worker's start limit and heartbeat period
	StopWithin    time.Duration // 3 s: from the request to end to the kill
	RetryAfter    time.Duration // 1 s: before the first restart, doubled for each further one
	RetryAtMost   time.Duration // 60 s: the slowest retry, and the pace when there is no adapter
	SilentAfter   time.Duration // 60 s: a configured beacon silent for so long gets the scan restarted, once
	ForgetAfter   time.Duration // 10 min: unconfigured beacons, and every device address
	MaxBeacons    int           // 512: unconfigured beacons remembered
}

// Place is where a configured beacon hangs.
type Place struct {
	Name string // unique in the gateway
	Room string
}

func (o Options) withDefaults() Options {
	o.Now = orFunc(o.Now)
	o.ConnectWithin = or(o.ConnectWithin, 10*time.Second)
	o.StatusWithin = or(o.StatusWithin, 30*time.Second)
	o.StopWithin = or(o.StopWithin, 3*time.Second)
	o.RetryAfter = or(o.RetryAfter, time.Second)
	o.RetryAtMost = or(o.RetryAtMost, time.Minute)
	o.SilentAfter = or(o.SilentAfter, time.Minute)
	o.ForgetAfter = or(o.ForgetAfter, 10*time.Minute)
	o.MaxBeacons = or(o.MaxBeacons, 512)
	if o.Stderr == nil {
		o.Stderr = os.Stderr
	}
	return o
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func orFunc(now func() time.Time) func() time.Time {
	if now == nil {
		return time.Now
	}
	return now
}

// What New refuses.
var (
	// ErrSocket says that the socket's path is missing or longer than Unix allows.
	ErrSocket = errors.New("give the Bluetooth socket a path of 1 to 107 octets")
	// ErrCommand says that nobody would start the worker.
	ErrCommand = errors.New("name the command that starts the Bluetooth worker, or say that it is started externally")
	// ErrPlace says that a configured beacon has no name, or one that another has too.
	ErrPlace = errors.New("every beacon needs a name of its own")
)

// AdapterStatus is the state of the adapter for the status page.
type AdapterStatus struct {
	Adapter  string    // "hci0"
	Up       bool      // scanning, and its worker gave a sign of life lately
	Since    time.Time // when Up last changed
	Trouble  string    // one sentence a technician can act on; empty when all is well
	Restarts int       // how often a worker has ended and was or will be replaced
}

// Supervisor is a runner. Its other methods are safe from any goroutine, also before and after Run.
type Supervisor struct {
	o        Options
	beacons  *tracker
	metrics  *metrics
	changed  change
	listener *net.UnixListener // Run's own

	mu      sync.Mutex // guards everything that follows
	adapter AdapterStatus
}

// New checks the options and registers the metrics. Nothing is started.
func New(o Options) (*Supervisor, error) {
	o = o.withDefaults()
	if o.Socket == "" || len(o.Socket) > 107 {
		return nil, fmt.Errorf("socket %q: %w", o.Socket, ErrSocket)
	}
	if len(o.Command) == 0 && !o.External {
		return nil, ErrCommand
	}
	beacons, err := newTracker(o.Beacons, o.MaxBeacons, o.ForgetAfter)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{o: o, beacons: beacons}
	s.adapter = AdapterStatus{Adapter: fmt.Sprintf("hci%d", o.Device), Since: o.Now(), Trouble: startingWords(o)}
	if s.metrics, err = newMetrics(s, o.Registerer); err != nil {
		return nil, fmt.Errorf("register Bluetooth metrics: %w", err)
	}
	return s, nil
}

// Run keeps a worker going until ctx ends, and returns nil then. A missing radio, a worker that dies, a socket that cannot
// be made: all of it is shown as Trouble and tried again, and none of it ends Run.
func (s *Supervisor) Run(ctx context.Context) error {
	var janitor sync.WaitGroup
	janitor.Go(func() { s.sweep(ctx) })
	defer janitor.Wait()
	defer s.unlisten()
	pause := backoff{first: s.o.RetryAfter, most: s.o.RetryAtMost}
	for ctx.Err() == nil {
		began := s.o.Now()
		end := s.session(ctx)
		if ctx.Err() != nil {
			break
		}
		s.ended(end)
		wait(ctx, pause.next(s.o.Now().Sub(began), end.hopeless && !s.o.External))
	}
	s.setAdapter(false, "")
	return nil
}

// Beacons lists what is known: configured beacons first, by name, also those never heard; then the others heard within
// ForgetAfter, by identifier.
func (s *Supervisor) Beacons() []Beacon { return s.beacons.list(s.o.Now()) }

// Adapter tells how the adapter does.
func (s *Supervisor) Adapter() AdapterStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.adapter
}

// Changed is closed at the next change of what Beacons or Adapter return, at the worker's next sign of life, or when the
// socket has been made, so that a page can follow live. Take it before looking.
func (s *Supervisor) Changed() <-chan struct{} { return s.changed.next() }

func (s *Supervisor) setAdapter(up bool, trouble string) {
	s.mu.Lock()
	if s.adapter.Up != up {
		s.adapter.Up, s.adapter.Since = up, s.o.Now()
	}
	s.adapter.Trouble = trouble
	s.mu.Unlock()
	s.changed.tell()
}

// ended notes why a worker is gone. A reason that repeats itself, such as a missing adapter, is a line in the log once.
func (s *Supervisor) ended(end ending) {
	trouble := s.words(end.reason)
	level := slog.LevelWarn
	s.mu.Lock()
	s.adapter.Restarts++
	if !s.adapter.Up && s.adapter.Trouble == trouble {
		level = slog.LevelDebug
	}
	s.mu.Unlock()
	s.o.Log.Log(context.Background(), level, "Bluetooth worker ended",
		slog.Int("hci", s.o.Device), slog.String("reason", end.reason), slog.String("detail", end.detail))
	s.setAdapter(false, trouble)
	s.metrics.restarts.WithLabelValues(end.reason).Inc()
	s.changed.tell() // who waits for the count finds the state changed too
}

// sweep forgets in time also while no worker is there to report anything.
func (s *Supervisor) sweep(ctx context.Context) {
	t := time.NewTicker(s.o.ForgetAfter / 10)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.beacons.sweep(s.o.Now())
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
