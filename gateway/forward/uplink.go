package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// maxRaw keeps the JSON of a batch under contract.MaxBatchBytes: base64 grows octets by a third, and each record has
// quotes and a comma.
const maxRaw = (contract.MaxBatchBytes - 4096) / 4 * 3 * 9 / 10

// Patience with one request. A connection that died silently is given up after it.
const requestWithin = 30 * time.Second

// Options of an Uplink.
type Options struct {
	Central    Central
	Registerer prometheus.Registerer // nil: no metrics
	Log        *slog.Logger
	Now        func() time.Time // nil is time.Now
}

// Uplink is the way to central that forwarder and sweeper share.
type Uplink struct {
	o       Options
	meters  meters
	backoff backoff
}

// NewUplink makes the way to central and registers its metrics.
func NewUplink(o Options) *Uplink {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Uplink{o: o, meters: newMeters(o.Registerer), backoff: backoff{first: time.Second, most: time.Minute}}
}

// What can be wrong with the two ends of the uplink.
var (
	ErrNothing = errors.New("record is missing from its store") // although the store says it has it
	ErrReceipt = errors.New("receipt does not cover the batch")
)

// batch reads the records from first on that fit into one batch.
func batch(read func(first uint64, maxRecords, maxBytes int) ([][]byte, error), stream contract.Stream, first uint64, most int) (contract.Batch, error) {
	records, err := read(first, most, maxRaw)
	if err != nil {
		return contract.Batch{}, fmt.Errorf("read %s: %w", contract.TapID{Stream: stream, Seq: first}, err)
	}
	if len(records) == 0 {
		return contract.Batch{}, fmt.Errorf("read %s: %w", contract.TapID{Stream: stream, Seq: first}, ErrNothing)
	}
	return contract.Batch{Version: contract.BatchVersion, Stream: stream, First: first, Records: records}, nil
}

// send delivers one batch and checks that the receipt speaks of it.
func (u *Uplink) send(ctx context.Context, b contract.Batch) (contract.Receipt, error) {
	return u.deliver(ctx, b, u.o.Central.SendBatch)
}

// sendAhead delivers a batch ahead of what central lacks. Its receipt acknowledges nothing of it.
func (u *Uplink) sendAhead(ctx context.Context, b contract.Batch) error {
	_, err := u.deliver(ctx, b, u.o.Central.SendAhead)
	if err == nil {
		u.meters.ahead.Add(float64(len(b.Records)))
	}
	return err
}

func (u *Uplink) deliver(ctx context.Context, b contract.Batch, send func(context.Context, contract.Batch) (contract.Receipt, error)) (contract.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, requestWithin)
	defer cancel()
	startedAt := u.o.Now()
	receipt, err := send(ctx, b)
	if err == nil && receipt.Stream != b.Stream {
		err = fmt.Errorf("send batch of %s: %w: it is for stream %s", b.Stream, ErrReceipt, receipt.Stream)
	}
	u.meters.sent(u.o.Now(), u.o.Now().Sub(startedAt), err)
	return receipt, err
}
