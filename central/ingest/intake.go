// Package ingest takes batches of records from gateways and keeps each record once: its receipt means that they are on
// central's disk. It judges nothing and refuses no tap for what it says, only batches that cannot be placed in their stream.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/timeline"
)

// What Ingest refuses. Faults inside a batch wrap contract.ErrBatch.
var (
	ErrTooLarge = errors.New("batch has more records than the contract allows")
	ErrGap      = errors.New("batch leaves a gap in its stream")
	ErrFork     = errors.New("batch contradicts what is stored; the stream is quarantined")
	ErrBusy     = errors.New("the database is busy; send the batch again later")
	ErrAhead    = errors.New("too many records were sent ahead of the stream; send what is missing before them")
)

// GapError is an ErrGap with the number that would close the gap.
type GapError struct {
	Stream   contract.Stream
	Owner    string // the stream's gateway
	First    uint64 // the number the batch began with
	Expected uint64 // the number central wants next
}

// Error names both numbers.
func (e *GapError) Error() string {
	return fmt.Sprintf("%v: stream %s of gateway %s, got record %d, want %d next", ErrGap, e.Stream, e.Owner, e.First, e.Expected)
}

// Unwrap makes errors.Is(err, ErrGap) hold.
func (e *GapError) Unwrap() error { return ErrGap }

// Options is what an Intake needs.
type Options struct {
	Store      Store
	Log        *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Intake is the door through which every tap enters central. It is safe for concurrent use.
type Intake struct {
	store   Store
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
}

// New makes an Intake and registers its metrics.
func New(o Options) *Intake {
	return &Intake{store: o.Store, log: o.Log, now: o.Now, metrics: newMetrics(o.Registerer)}
}

// Ingest stores the records of a batch that are new, all of them or none, and says how far the stream is now complete.
// The gateway is the authenticated sender; it need not own the stream, because any gateway of a cluster may deliver what
// its dead neighbour left behind.
//
// The checkpoint of a batch seals the stream if what is stored then gives the root that its gateway signed. If not, or if
// the owner signed with another key than it registered, nothing of the batch is stored and the stream takes nothing from
// then on: the error is ErrFork, and ErrRoot or tree.ErrForeignKey too.
//
// Records that are there already must be the same octets: a difference is ErrFork, and the stream takes nothing from then
// on. A batch that begins beyond the next number is a *GapError. In both cases nothing of the batch is stored.
func (i *Intake) Ingest(ctx context.Context, gateway string, batch contract.Batch) (contract.Receipt, error) {
	receipt, err := i.next(ctx, gateway, batch)
	i.metrics.count(receipt, len(batch.Records), err)
	return receipt, err
}

// put stores a delivery in a stream and tells how many of its records were here, and which taps are news. It changes the stream
// only when it stores.
type put func(ctx context.Context, tx Tx, stream *Stream, d Delivery) (known int, taps []Tap, err error)

func (i *Intake) take(ctx context.Context, gateway string, batch contract.Batch, put put) (contract.Receipt, error) {
	if len(batch.Records) > contract.MaxBatchRecords {
		return contract.Receipt{}, fmt.Errorf("%w: %d records, at most %d", ErrTooLarge, len(batch.Records), contract.MaxBatchRecords)
	}
	records, err := batch.Open()
	if err != nil {
		return contract.Receipt{}, err
	}
	d := deliver(batch, records, i.now())
	d.Deaf = deafness(records)
	return i.place(ctx, gateway, d, put)
}

// place puts a delivery at its place in the stream, in one transaction.
func (i *Intake) place(ctx context.Context, gateway string, d Delivery, put put) (contract.Receipt, error) {
	var receipt contract.Receipt
	var taps []Tap
	var fork error
	err := i.commit(ctx, func(tx Tx) error {
		receipt, fork = contract.Receipt{}, nil
		stream, err := tx.Stream(ctx, d.Stream)
		if err != nil {
			return err
		}
		if stream.Owner == "" {
			stream.Owner = gateway
		}
		stream.HeardAt = d.ReceivedAt
		var known int
		known, taps, err = put(ctx, tx, &stream, d)
		if errors.Is(err, ErrFork) {
			fork = err
			return i.quarantine(ctx, tx, stream, gateway, err)
		}
		if err != nil {
			return err
		}
		receipt = contract.Receipt{Stream: d.Stream, Through: stream.Through, Stored: len(d.Octets) - known, Known: known, Ahead: stream.Ahead}
		receipt.Sealed, err = i.seal(ctx, tx, stream, gateway, d)
		return err
	})
	if unproven(err) {
		return contract.Receipt{}, fmt.Errorf("ingest batch: %w", i.disprove(ctx, gateway, d, err))
	}
	if err != nil {
		return contract.Receipt{}, fmt.Errorf("ingest batch: %w", err)
	}
	if fork == nil {
		i.report(gateway, d, taps)
	}
	return receipt, fork
}

// putNext stores what of a delivery follows the records that are here. Those of it that were sent ahead take their place.
func putNext(ctx context.Context, tx Tx, stream *Stream, d Delivery) (known int, taps []Tap, err error) {
	if known, err = overlap(ctx, tx, *stream, d); err != nil {
		return 0, nil, err
	}
	d = d.after(known)
	if err := witnessed(ctx, tx, stream, &d); err != nil {
		return 0, nil, err
	}
	held, err := sentAhead(ctx, tx, *stream, d)
	if err != nil {
		return 0, nil, err
	}
	stream.Through = max(stream.Through, d.last())
	if stream.Ahead <= stream.Through {
		stream.Ahead, stream.WitnessAhead = 0, timeline.Witness{}
	}
	d.Met = len(held) > 0
	return known, without(d.Taps, held), tx.Append(ctx, *stream, d)
}

// quarantine closes a stream with two histories: which of them is true is for people to find out, so neither is dropped
// and nothing is added. The first cause stays on record.
func (i *Intake) quarantine(ctx context.Context, tx Tx, stream Stream, gateway string, cause error) error {
	i.log.Error("stream has two histories", "stream", stream.ID.String(), "gateway", gateway, "owner", stream.Owner, "error", cause)
	if stream.Quarantined != "" {
		return nil
	}
	stream.Quarantined = fmt.Sprintf("%v (sent by %s)", cause, gateway)
	return tx.Append(ctx, stream, Delivery{Stream: stream.ID})
}

// report observes what was stored: its age, clocks that run ahead, and those that nobody vouches for.
func (i *Intake) report(gateway string, d Delivery, taps []Tap) {
	ahead := 0
	for _, t := range taps {
		i.metrics.lag.Observe(max(0, d.ReceivedAt.Sub(t.Moment.At).Seconds()))
		i.metrics.times.WithLabelValues(kindNames[t.Moment.Kind]).Inc()
		if t.Suspect {
			ahead++
		}
	}
	if ahead > 0 {
		i.metrics.suspect.Add(float64(ahead))
		i.log.Warn("taps are stamped in the future; check the clock of their gateway", "gateway", gateway, "stream", d.Stream.String(), "taps", ahead)
	}
}
