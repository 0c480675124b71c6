package forward

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// The pace of reports.
const (
	ReportEvery  = 10 * time.Second
	reportWithin = 10 * time.Second
)

// Desk takes reports at central.
type Desk interface {
	SendReport(ctx context.Context, r contract.Report) (contract.ReportReply, error)
}

// Reporter tells central every ten seconds how this gateway is and what it holds, and passes on what central answers.
type Reporter struct {
	Day    func(document []byte) error // takes central's daily seal; nil keeps none. Set it before Run
	Cosign func(notes [][]byte)        // takes checkpoints that central wants cosigned; nil cosigns none. Set it before Run

	link      *Uplink
	desk      Desk
	forwarder *Forwarder
	report    func() contract.Report
	every     time.Duration

	// Told is called with what central's clock said at a moment of this process, give or take within; it may be nil.
	Told func(at, central time.Time, within time.Duration)

	mu      sync.Mutex // guards everything that follows
	heardAt time.Time
	trouble string
	offset  time.Duration
}

// NewReporter makes a reporter; report gathers the state to be told. Every 0 is ReportEvery.
func NewReporter(link *Uplink, desk Desk, f *Forwarder, every time.Duration, report func() contract.Report) *Reporter {
	r := &Reporter{link: link, desk: desk, forwarder: f, report: report, every: orDefault(every, ReportEvery)}
	link.meters.offer(prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("clock_offset_seconds",
		"Central's clock minus this gateway's, by the last answered report, half its round trip allowed for.")),
		func() float64 { return r.Offset().Seconds() }))
	return r
}

// Run reports until ctx ends and returns nil then. The first report goes out at once.
func (r *Reporter) Run(ctx context.Context) error {
	t := time.NewTicker(r.every)
	defer t.Stop()
	for {
		r.once(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (r *Reporter) once(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reportWithin)
	defer cancel()
	acknowledged := contract.TapID{Stream: r.forwarder.outbox.Stream(), Seq: r.forwarder.outbox.Acknowledged()}
	report := r.report()
	startedAt := r.link.o.Now()
	reply, err := r.desk.SendReport(ctx, report)
	if err != nil {
		if ctx.Err() == nil || context.Cause(ctx) == context.DeadlineExceeded {
			r.note(time.Time{}, err)
		}
		return
	}
	endedAt := r.link.o.Now()
	if r.note(endedAt, nil) {
		r.forwarder.Wake()
	}
	r.measure(reply, startedAt, endedAt)
	for _, receipt := range reply.Receipts {
		r.learn(receipt, acknowledged)
	}
	if len(reply.Cosign) > 0 && r.Cosign != nil {
		r.Cosign(reply.Cosign)
	}
	if len(reply.Day) > 0 && r.Day != nil {
		if err := r.Day(reply.Day); err != nil {
			r.link.o.Log.Warn("daily seal not kept", slog.Any("error", err))
		}
	}
}

// learn compares central's watermark of the own stream with what was acknowledged before the report was sent.
func (r *Reporter) learn(receipt contract.Receipt, acknowledged contract.TapID) {
	if receipt.Stream != acknowledged.Stream {
		return
	}
	if receipt.Through < acknowledged.Seq {
		r.forwarder.Rewind(receipt.Stream, receipt.Through)
		return
	}
	if err := r.forwarder.Learn(receipt); err != nil {
		r.link.o.Log.Warn("receipt not kept", slog.Any("error", err))
	}
}

// note keeps the outcome of a report; recovered tells that the report before it failed.
func (r *Reporter) note(at time.Time, err error) (recovered bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if r.trouble == "" {
			r.link.o.Log.Warn("central does not answer", slog.Any("error", err))
		}
		r.trouble = err.Error()
		return false
	}
	recovered = r.trouble != ""
	r.heardAt, r.trouble = at, ""
	return recovered
}

// measure compares the clocks as NTP does: what central needed for the answer is no part of the way. Half of the way is the bound,
// since it may all have been there or back.
func (r *Reporter) measure(reply contract.ReportReply, startedAt, endedAt time.Time) {
	if reply.At.IsZero() {
		return
	}
	if reply.HeardAt.IsZero() {
		reply.HeardAt = reply.At
	}
	way := endedAt.Sub(startedAt) - reply.At.Sub(reply.HeardAt)
	offset := (reply.HeardAt.Sub(startedAt) + reply.At.Sub(endedAt)) / 2
	if r.Told != nil && way >= 0 {
		middle := startedAt.Add(endedAt.Sub(startedAt) / 2)
		r.Told(middle, middle.Add(offset), way/2)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offset = offset
}

// HeardAt is when central last answered; zero if not yet. Trouble is why it did not answer the last time.
func (r *Reporter) HeardAt() (at time.Time, trouble string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heardAt, r.trouble
}

// Offset is central's clock minus this gateway's.
func (r *Reporter) Offset() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.offset
}
