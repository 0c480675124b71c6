package forward

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/failpoint"
)

// Forwarder brings this gateway's own journal to central, oldest record first, one batch in flight.
type Forwarder struct {
	Notary Notary // nil signs nothing; set it before Run

	link   *Uplink
	outbox Outbox
	wake   chan struct{} // one place: a wish to try again is not counted
	hurry  chan struct{} // the same, for what goes ahead

	ahead atomic.Uint64 // greatest number sent ahead of the backlog; 0 while none is

	mu     sync.Mutex // guards everything that follows
	cursor cursor
	state  State
	before uint64 // last record of earlier runs, until central has said how far it holds the stream; 0 from then on
}

// cursor is where the next batch starts. It runs apart from the journal's own acknowledgement, which only grows: a central
// restored from a backup asks for records again that it had acknowledged.
type cursor struct {
	stream contract.Stream
	next   uint64
	most   int  // records in a batch
	torn   bool // central named another place since the last receipt
}

// State is how the uplink is, in words for the status page.
type State struct {
	Stream  contract.Stream
	Trouble string // why the last batch was not stored; empty after a receipt
	Fork    uint64 // first number central refused because it holds another record under it; 0 if none
	Ahead   uint64 // central's last number, when it holds more of the stream than its journal does; 0 if not
}

// Stopped reports whether the stream cannot go on: its history at central is not this journal's.
func (s State) Stopped() bool { return s.Fork > 0 || s.Ahead > 0 }

// NewForwarder makes the forwarder of a journal and registers the metrics of its queue.
func NewForwarder(link *Uplink, outbox Outbox) *Forwarder {
	f := &Forwarder{link: link, outbox: outbox, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
	f.restartLocked(outbox.Stream())
	f.before = outbox.Durable()
	link.meters.offer(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("uplink_queue_records", "Records of the own journal that central has not acknowledged.")),
			func() float64 { return float64(f.Queue()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("uplink_oldest_unsent_timestamp_seconds", "Time of the oldest record that central has not acknowledged; 0 if none.")),
			f.oldest),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("uplink_ahead_open", "1 while the newest records are sent ahead of a backlog, 0 while all go in their order.")),
			func() float64 { return float64(min(f.ahead.Load(), 1)) }),
	)
	return f
}

// Run forwards until ctx ends and returns nil then.
func (f *Forwarder) Run(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; {
		changed := f.outbox.Changed() // before looking, or a record in between would be missed
		b, ok, err := f.next()
		if err == nil && !ok {
			f.idle(ctx, changed)
			continue
		}
		if err == nil {
			err = f.deliver(ctx, b)
		}
		if err == nil {
			failures = 0
			continue
		}
		failures++
		f.pause(ctx, failures, err)
	}
	return nil
}

// RunAhead sends the newest records ahead while a backlog is drained, until ctx ends, and returns nil then: a tap of now is at
// central within seconds, whatever waits before it.
func (f *Forwarder) RunAhead(ctx context.Context) error {
	var l lane
	for ctx.Err() == nil {
		if s, ok := f.stretch(); ok {
			l.step(ctx, f.link, s)
		}
		f.ahead.Store(l.sent)
		select {
		case <-f.hurry:
			l.wake()
		default:
			wait(ctx, aheadEvery, nil)
		}
	}
	return nil
}

// stretch is what central has not got of the journal; ok is false when the stream is stopped.
func (f *Forwarder) stretch() (s stretch, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s = stretch{stream: f.cursor.stream, next: f.cursor.next, durable: f.outbox.Durable(), read: f.outbox.Read}
	return s, !f.state.Stopped() && f.before == 0 && f.outbox.Stream() == f.cursor.stream
}

func (f *Forwarder) idle(ctx context.Context, changed <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-changed:
	case <-f.wake:
	}
}

// pause waits before the next attempt. A wake shortens it, except where central itself named the time.
func (f *Forwarder) pause(ctx context.Context, failures int, err error) {
	if ctx.Err() != nil {
		return
	}
	f.link.o.Log.Info("batch not stored", slog.Any("error", err), slog.Int("failures", failures))
	if d := after(err); d > 0 {
		wait(ctx, d+f.link.backoff.pause(1), nil)
		return
	}
	wait(ctx, f.link.backoff.pause(failures), f.wake)
}

// next is the next batch to send; ok is false when there is none, or the stream is stopped.
func (f *Forwarder) next() (b contract.Batch, ok bool, err error) {
	f.mu.Lock()
	if s := f.outbox.Stream(); s != f.cursor.stream {
		f.restartLocked(s)
	}
	c, stopped := f.fromLocked(), f.state.Stopped()
	again := c.next < f.cursor.next
	f.mu.Unlock()
	if stopped || f.outbox.Durable() < c.next {
		return contract.Batch{}, false, nil
	}
	b, err = batch(f.outbox.Read, c.stream, c.next, c.most)
	if err != nil && again {
		f.trust() // the last of earlier runs was pruned: it is old, and so is what an image could lack
		return f.next()
	}
	if f.outbox.Stream() != c.stream {
		return contract.Batch{}, false, nil // a new stream was begun while we read; Changed tells of it
	}
	if err != nil {
		f.trouble(err)
	}
	return b, err == nil, err
}

// fromLocked is where to go on. A disk may be an old image of itself, on which this run has given numbers a second time: so
// until central has said how far it holds the stream, what earlier runs wrote is sent alone, and the last of it once more if
// central has all of that.
func (f *Forwarder) fromLocked() cursor {
	c := f.cursor
	if f.before == 0 || f.outbox.Durable() < c.next {
		return c
	}
	c.next = min(c.next, f.before)
	c.most = min(c.most, int(min(f.before-c.next+1, contract.MaxBatchRecords)))
	return c
}

// trust sends what this run wrote without a word of central's before.
func (f *Forwarder) trust() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = 0
}

func (f *Forwarder) restartLocked(s contract.Stream) {
	f.cursor = cursor{stream: s, next: f.outbox.Acknowledged() + 1, most: contract.MaxBatchRecords}
	f.state, f.before = State{Stream: s}, 0
}

// deliver sends a batch and draws the conclusions of central's answer. The error says why the next attempt must wait.
func (f *Forwarder) deliver(ctx context.Context, b contract.Batch) error {
	if f.Notary != nil {
		b.Checkpoint = f.Notary.Checkpoint(b)
	}
	failpoint.Hit(failpoint.ForwardSend)
	receipt, err := f.link.send(ctx, b)
	if err == nil && receipt.Through < b.First {
		err = fmt.Errorf("send batch of %s: %w: through %d of a batch from %d", b.Stream, ErrReceipt, receipt.Through, b.First)
	}
	if err == nil {
		f.trouble(nil)
		failpoint.Hit(failpoint.ForwardSent)
		return f.receive(receipt)
	}
	if ctx.Err() != nil {
		return err
	}
	f.trouble(err)
	p, ok := errors.AsType[*contract.Problem](err)
	switch {
	case ok && p.Type == contract.ProblemGap:
		return f.resume(b, p)
	case ok && p.Type == contract.ProblemFork:
		f.fork(b)
		return nil
	case ok && p.Type == contract.ProblemTooLarge && len(b.Records) > 1:
		f.shrink(b.Stream, len(b.Records)/2)
		return nil
	}
	return err
}

// receive takes the receipt of a batch: what is stored first, since nothing is sealed that is not.
func (f *Forwarder) receive(r contract.Receipt) error {
	if err := f.acknowledge(r); err != nil || f.Notary == nil {
		return err
	}
	failpoint.Hit(failpoint.ForwardNoted)
	return f.Notary.Sealed(r)
}

// resume follows central to the number it expects. Told so twice without a receipt in between, it waits: one of the two is
// confused, and neither may spin.
func (f *Forwarder) resume(b contract.Batch, p *contract.Problem) error {
	f.mu.Lock()
	again := f.cursor.torn
	f.cursor.torn = true
	f.mu.Unlock()
	if err := f.rewind(b.Stream, p.Expected); err != nil {
		return err
	}
	if again || p.Expected == b.First {
		return p
	}
	return nil
}

// Learn takes a receipt from a report's answer: a sweeper may have brought the stream further than we did.
func (f *Forwarder) Learn(r contract.Receipt) error { return f.acknowledge(r) }

func (f *Forwarder) acknowledge(r contract.Receipt) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Stream != f.cursor.stream || r.Stream != f.outbox.Stream() {
		return nil // of the journal before this one
	}
	if greatest := max(r.Through, r.Ahead); greatest > f.outbox.Durable() {
		f.aheadLocked(greatest)
		return nil
	}
	through := f.ownLocked(r.Through)
	f.cursor.next, f.cursor.torn = max(f.cursor.next, through+1), false
	if err := f.outbox.Acknowledge(through); err != nil {
		return fmt.Errorf("acknowledge %s: %w", contract.TapID{Stream: r.Stream, Seq: through}, err)
	}
	return nil
}

// ownLocked is how much of what central holds is believed to be ours. Of the first word in a run that is no more than what earlier
// runs wrote: what central holds under numbers of this run is another's if the disk is an old image, so those are sent and
// compared, also when a neighbour has brought them already.
func (f *Forwarder) ownLocked(through uint64) uint64 {
	if f.before > 0 {
		through, f.before = min(through, f.before), 0
	}
	return through
}

// Rewind starts again where central's knowledge of the stream ends: it was restored from an older copy of itself.
func (f *Forwarder) Rewind(stream contract.Stream, through uint64) {
	if err := f.rewind(stream, through+1); err == nil {
		f.Wake()
	}
}

// rewind lets the next batch start at the number central expects.
func (f *Forwarder) rewind(stream contract.Stream, expected uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if stream != f.cursor.stream {
		return nil
	}
	if expected == 0 {
		return fmt.Errorf("rewind %s: central expects number 0, the first is 1", stream)
	}
	if expected > f.outbox.Durable()+1 {
		f.aheadLocked(expected - 1)
		return nil
	}
	f.link.o.Log.Warn("central asks for another record", slog.Uint64("from", expected), slog.Uint64("instead_of", f.cursor.next))
	f.cursor.next = expected
	return nil
}

func (f *Forwarder) aheadLocked(through uint64) {
	f.state.Ahead = through
	f.state.Trouble = fmt.Sprintf("central holds stream %s up to record %d, this journal ends at %d: the disk is an older copy; "+
		"nothing of this stream is sent any more, and a new stream is begun", f.cursor.stream, through, f.outbox.Durable())
	f.link.o.Log.Error("journal is an older copy of itself", slog.Uint64("central", through), slog.Uint64("journal", f.outbox.Durable()))
}

func (f *Forwarder) fork(b contract.Batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b.Stream != f.cursor.stream {
		return
	}
	f.state.Fork = b.First
	f.state.Trouble = fmt.Sprintf("central holds other records than this journal under numbers from %d of stream %s: two gateways ran from copies of one disk; "+
		"the stream is quarantined at central, its records stay on this disk, and a new stream is begun", b.First, b.Stream)
	f.link.o.Log.Error("stream has two histories", slog.String("stream", b.Stream.String()), slog.Uint64("from", b.First))
}

func (f *Forwarder) shrink(stream contract.Stream, most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if stream == f.cursor.stream {
		f.cursor.most = most
	}
}

func (f *Forwarder) trouble(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.Stopped() {
		return
	}
	f.state.Trouble = ""
	if err != nil {
		f.state.Trouble = err.Error()
	}
}

// Wake lets the forwarder try again at once: the link is known to work again.
func (f *Forwarder) Wake() {
	for _, c := range []chan struct{}{f.wake, f.hurry} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// State tells how the uplink is.
func (f *Forwarder) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// Disowned reports whether central takes nothing more of the journal's stream, why, and the first number that it knows otherwise; 0 if
// it did not name one.
func (f *Forwarder) Disowned() (reason string, from uint64, gone bool) {
	s := f.State()
	return s.Trouble, s.Fork, s.Stopped() && s.Stream == f.outbox.Stream()
}

// Queue is how many records central has not acknowledged.
func (f *Forwarder) Queue() uint64 {
	durable, acknowledged := f.outbox.Durable(), f.outbox.Acknowledged()
	return durable - min(acknowledged, durable)
}

// Oldest is the time of the oldest record that central has not acknowledged; zero if there is none.
func (f *Forwarder) Oldest() time.Time {
	if f.Queue() == 0 {
		return time.Time{}
	}
	records, err := f.outbox.Read(f.outbox.Acknowledged()+1, 1, contract.MaxRecord)
	if err != nil || len(records) == 0 {
		return time.Time{} // acknowledged or pruned in between
	}
	r, err := contract.DecodeRecord(records[0])
	if err != nil {
		return time.Time{}
	}
	return r.Stamp.At
}

func (f *Forwarder) oldest() float64 {
	if t := f.Oldest(); !t.IsZero() {
		return float64(t.UnixMilli()) / 1000
	}
	return 0
}
