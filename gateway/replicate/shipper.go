package replicate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// Source is the journal whose records are shipped. *journal.Journal is one.
type Source interface {
	Stream() contract.Stream
	Durable() uint64
	// Read gives encoded records from number first on, none past Durable, or journal.ErrNotFound when first was pruned.
	Read(first uint64, maxRecords, maxBytes int) ([][]byte, error)
	// Changed is closed when Durable or Stream changes.
	Changed() <-chan struct{}
}

// cluster is what a Shipper needs of its Node.
type cluster interface {
	Watermark(contract.Stream) uint64
	Acknowledged(contract.Stream) uint64
	Read(stream contract.Stream, first uint64, maxRecords, maxBytes int) ([][]byte, error)
	Changed() <-chan struct{}
	submit(ctx context.Context, cmd []byte) (answer, error)
}

// ShipperOptions may all be zero.
type ShipperOptions struct {
	// Linger is how long a record waits for company at most: small commands are sent at the multiples of it by the wall clock, so
	// that gateways whose clocks agree ship at the same moment and share the flushes that follow. 0 means 100 ms, below 0 no wait.
	Linger time.Duration
	// Twin is called when the cluster holds records of the stream that this journal does not: the gateway's disk went back
	// in time, or has a copy elsewhere. It must start a new stream in the journal, as journal.NewStream does; the shipper
	// does not touch the journal meanwhile. When it is nil or fails, Run ends with an error that wraps ErrAhead or ErrFork.
	Twin       func(reason error) error
	Registerer prometheus.Registerer // nil means no metrics
	Log        *slog.Logger          // nil means none
	Now        func() time.Time      // nil means time.Now
}

// Shipper brings the records of this gateway's journal to its cluster, in order, one command at a time.
type Shipper struct {
	o       ShipperOptions
	source  Source
	cluster cluster

	replicated atomic.Uint64

	// Of Run alone:
	stream   contract.Stream
	through  uint64 // known to be replicated
	agreed   bool   // record through is the same here and there
	failures int    // in a row
}

const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
)

// NewShipper makes a shipper from source to node.
func NewShipper(source Source, node *Node, o ShipperOptions) *Shipper {
	return newShipper(source, node, o)
}

func newShipper(source Source, c cluster, o ShipperOptions) *Shipper {
	setDefault(&o.Linger, 100*time.Millisecond)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Shipper{o: o, source: source, cluster: c}
}

// Replicated is the number of the journal's last record known to be on a majority of the cluster.
func (s *Shipper) Replicated() uint64 { return s.replicated.Load() }

// Run ships until ctx ends, through leader changes and isolation, and returns nil then. Any other end is a twin of this
// journal (see ShipperOptions) or a journal that cannot be read.
func (s *Shipper) Run(ctx context.Context) error {
	metrics := s.metrics()
	if err := register(s.o.Registerer, metrics...); err != nil {
		return fmt.Errorf("ship: %w", err)
	}
	defer unregister(s.o.Registerer, metrics...)
	for ctx.Err() == nil {
		if err := s.step(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("ship %s: %w", s.stream, err)
		}
	}
	return nil
}

// step ships one command, or waits until there is something to ship.
func (s *Shipper) step(ctx context.Context) error {
	written, moved := s.source.Changed(), s.cluster.Changed()
	s.catchUp()
	if err := s.compare(); err != nil {
		return s.twin(err)
	}
	pending := s.source.Durable() - s.through
	if pending == 0 {
		wait(ctx, written, moved)
		return nil
	}
	if pending < maxShipRecords {
		pause(ctx, s.departure())
	}
	return s.ship(ctx)
}

// departure is how long it is until the next small command leaves.
func (s *Shipper) departure() time.Duration {
	if s.o.Linger < 0 {
		return 0
	}
	now := s.o.Now()
	return now.Truncate(s.o.Linger).Add(s.o.Linger).Sub(now)
}

// catchUp looks where the stream stands: a watermark here is never above the cluster's.
func (s *Shipper) catchUp() {
	if stream := s.source.Stream(); stream != s.stream {
		s.stream, s.through, s.agreed = stream, 0, false
		s.replicated.Store(0)
	}
	s.reach(s.cluster.Watermark(s.stream))
}

func (s *Shipper) reach(seq uint64) {
	s.through = max(s.through, seq)
	s.replicated.Store(max(s.through, s.replicated.Load()))
}

// compare makes sure that journal and cluster have one history: the cluster is not ahead, and the last record that both
// have is the same.
func (s *Shipper) compare() error {
	if durable := s.source.Durable(); s.through > durable {
		return fmt.Errorf("%w: it has up to %d, the journal up to %d", ErrAhead, s.through, durable)
	}
	if s.agreed {
		return nil
	}
	held := s.cluster.Watermark(s.stream)
	if held == 0 {
		return nil
	}
	there, err := s.cluster.Read(s.stream, held, 1, contract.MaxRecord)
	if errors.Is(err, ErrNotFound) {
		return nil // a snapshot has just taken the replica's place: compared next time
	}
	if err != nil {
		return fmt.Errorf("compare with the replica: %w", err)
	}
	here, err := s.source.Read(held, 1, contract.MaxRecord)
	if errors.Is(err, journal.ErrNotFound) {
		s.agreed = true // pruned: central has proven it
		return nil
	}
	if err != nil {
		return fmt.Errorf("compare with the replica: %w", err)
	}
	if !bytes.Equal(here[0], there[0]) {
		return fmt.Errorf("%w: number %d", ErrFork, held)
	}
	s.agreed = true
	return nil
}

// twin has the journal start a new stream, if err says that this one is not its own.
func (s *Shipper) twin(err error) error {
	if s.o.Twin == nil || !(errors.Is(err, ErrAhead) || errors.Is(err, ErrFork)) {
		return err
	}
	s.o.Log.Warn("journal has a twin; it starts a new stream", slog.Any("reason", err))
	if failed := s.o.Twin(err); failed != nil {
		return errors.Join(err, failed)
	}
	if s.source.Stream() == s.stream {
		return fmt.Errorf("%w; no new stream was started", err)
	}
	return nil
}

func (s *Shipper) ship(ctx context.Context) error {
	records, err := s.source.Read(s.through+1, maxShipRecords, maxShipBytes)
	if errors.Is(err, journal.ErrNotFound) {
		return s.skip(ctx)
	}
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	if len(records) == 0 { // a new stream was started in between
		return nil
	}
	a, err := s.cluster.submit(ctx, command{kind: kindShip, stream: s.stream, seq: s.through + 1, records: records}.encode())
	if err != nil {
		return s.retry(ctx, err)
	}
	return s.take(ctx, a)
}

// skip goes on behind the records that the journal has pruned: central holds them, and the cluster accepts what follows
// once it has been told so.
func (s *Shipper) skip(ctx context.Context) error {
	held := s.cluster.Acknowledged(s.stream)
	if held <= s.through {
		return s.retry(ctx, fmt.Errorf("%w: the journal no longer has %d", ErrGap, s.through+1))
	}
	s.through = held
	return nil
}

// take acts on the leader's answer.
func (s *Shipper) take(ctx context.Context, a answer) error {
	switch a.code {
	case codeDone:
		if s.failures > 0 {
			s.o.Log.Info("records reach the cluster again", slog.Uint64("seq", a.through))
		}
		s.failures = 0
		s.reach(a.through)
		return nil
	case codeFork:
		return s.twin(a.err())
	default:
		return s.retry(ctx, a.err())
	}
}

// retry waits before the next attempt, which looks at the watermark anew: a leader that fell behind, or this gateway's own
// idea that ran ahead, is corrected by it.
func (s *Shipper) retry(ctx context.Context, err error) error {
	if s.failures == 0 && ctx.Err() == nil {
		s.o.Log.Warn("records do not reach the cluster; trying again", slog.Any("error", err))
	}
	s.through, s.agreed = s.cluster.Watermark(s.stream), false
	pause(ctx, backoff(s.failures))
	s.failures++
	return nil
}

// backoff doubles up to retryMost, with full jitter.
func backoff(failures int) time.Duration {
	ceiling := min(retryFirst<<min(failures, 10), retryMost)
	return rand.N(ceiling)
}

func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func wait(ctx context.Context, a, b <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-a:
	case <-b:
	}
}

func (s *Shipper) metrics() []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rollcall_gateway_replicated_records",
			Help: "Number of this journal's last record that is on a majority of the cluster.",
		}, func() float64 { return float64(s.Replicated()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rollcall_gateway_unreplicated_oldest_seconds",
			Help: "Age of this journal's oldest record that only this gateway holds; 0 when there is none.",
		}, func() float64 { return s.oldest().Seconds() }),
	}
}

// oldest is the age of the first record that is not replicated yet.
func (s *Shipper) oldest() time.Duration {
	replicated := s.Replicated()
	if replicated >= s.source.Durable() {
		return 0
	}
	raw, err := s.source.Read(replicated+1, 1, contract.MaxRecord)
	if err != nil || len(raw) == 0 {
		return 0
	}
	r, err := contract.DecodeRecord(raw[0])
	if err != nil {
		return 0
	}
	return max(0, s.o.Now().Sub(r.Stamp.At))
}
