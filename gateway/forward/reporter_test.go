package forward

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// desk is central's side of reports: it takes two seconds for each and its clock is an hour ahead.
type desk struct {
	mu       sync.Mutex // guards everything that follows
	err      error
	through  uint64
	reported []contract.Report
}

func (d *desk) SendReport(ctx context.Context, r contract.Report) (contract.ReportReply, error) {
	select {
	case <-ctx.Done():
		return contract.ReportReply{}, ctx.Err()
	case <-time.After(2 * time.Second):
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return contract.ReportReply{}, d.err
	}
	d.reported = append(d.reported, r)
	return contract.ReportReply{At: time.Now().Add(time.Hour - time.Second), Receipts: []contract.Receipt{
		{Stream: contract.Stream{9}, Through: 1000}, {Stream: r.Streams[0].Stream, Through: d.through},
	}}, nil
}

// tell sets what the next answers are.
func (d *desk) tell(through uint64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.through, d.err = through, err
}

func (d *desk) reports() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.reported)
}

// reporting runs a reporter for a gateway with ten records, whose batches central refuses.
func reporting(t *testing.T, d *desk, test func(b *box, f *Forwarder, r *Reporter, central *answers)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b, central := newBox(10), &answers{give: []func(contract.Batch) (contract.Receipt, error){down}}
		link := NewUplink(Options{Central: central, Log: quiet})
		f := NewForwarder(link, b)
		r := NewReporter(link, d, f, 0, func() contract.Report {
			return contract.Report{Version: contract.ReportVersion, Streams: []contract.StreamState{{Stream: b.Stream(), Durable: b.Durable(), Own: true}}}
		})
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = r.Run(ctx) }()
		test(b, f, r, central)
		stop()
		synctest.Wait()
	})
}

func TestReportsComeEveryTenSeconds(t *testing.T) {
	d := &desk{}
	reporting(t, d, func(b *box, f *Forwarder, r *Reporter, _ *answers) {
		pass(61 * time.Second)
		if got := d.reports(); got != 6 { // at 0, 10 … 50 s; the one of 60 s is on its way
			t.Errorf("%d reports in 61 s, want 6", got)
		}
		if at, trouble := r.HeardAt(); at.IsZero() || trouble != "" {
			t.Errorf("HeardAt = %v, %q", at, trouble)
		}
		if got := r.Offset(); got != time.Hour-time.Second+time.Second {
			t.Errorf("Offset = %v, want 1h: half the round trip allowed for", got)
		}
	})
}

func TestReportTeachesWhatASweeperDelivered(t *testing.T) {
	reporting(t, &desk{through: 7}, func(b *box, f *Forwarder, r *Reporter, _ *answers) {
		pass(3 * time.Second)
		if got := b.Acknowledged(); got != 7 {
			t.Errorf("acknowledged %d, want 7", got)
		}
	})
}

func TestReportUncoversAnOldImage(t *testing.T) {
	reporting(t, &desk{through: 11}, func(b *box, f *Forwarder, r *Reporter, _ *answers) {
		pass(3 * time.Second)
		if s := f.State(); s.Ahead != 11 {
			t.Errorf("State = %+v, want ahead by central's 11", s)
		}
	})
}

func TestReportUncoversACentralThatWentBack(t *testing.T) {
	d := &desk{through: 10}
	reporting(t, d, func(b *box, f *Forwarder, r *Reporter, _ *answers) {
		pass(3 * time.Second)
		d.tell(4, nil)
		pass(20 * time.Second)
		next, ok, err := f.next()
		if err != nil || !ok || next.First != 5 {
			t.Errorf("next batch = %d, %v, %v, want from 5", next.First, ok, err)
		}
		if got := b.Acknowledged(); got != 10 {
			t.Errorf("acknowledged %d, want 10: it never goes back", got)
		}
	})
}

func TestRecoveredReportWakesTheForwarder(t *testing.T) {
	d := &desk{err: errors.New("no route")}
	reporting(t, d, func(b *box, f *Forwarder, r *Reporter, central *answers) {
		pass(25 * time.Second)
		if _, trouble := r.HeardAt(); trouble != "no route" {
			t.Errorf("trouble = %q", trouble)
		}
		if len(f.wake) != 0 {
			t.Error("woken while central does not answer")
		}
		d.tell(0, nil)
		pass(10 * time.Second)
		if len(f.wake) != 1 {
			t.Error("not woken when central answers again")
		}
		if _, trouble := r.HeardAt(); trouble != "" {
			t.Errorf("trouble = %q", trouble)
		}
	})
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	b, central := newBox(4), &answers{give: []func(contract.Batch) (contract.Receipt, error){stored, forked, asksToWait(time.Second, 429), down,
		func(contract.Batch) (contract.Receipt, error) {
			return contract.Receipt{}, &contract.Problem{Type: contract.ProblemMalformed, Status: 400}
		}}}
	link := NewUplink(Options{Central: central, Registerer: registry, Log: quiet, Now: func() time.Time { return time.Unix(1_800_000_100, 0) }})
	f := NewForwarder(link, b)
	batch, _, err := f.next()
	if err != nil {
		t.Fatal(err)
	}
	for range central.give {
		_, _ = link.send(t.Context(), batch)
	}
	_ = b.Acknowledge(1)
	want := `
# HELP rollcall_gateway_uplink_batches_total Batches sent to central by result.
# TYPE rollcall_gateway_uplink_batches_total counter
rollcall_gateway_uplink_batches_total{result="busy"} 1
rollcall_gateway_uplink_batches_total{result="failed"} 1
rollcall_gateway_uplink_batches_total{result="fork"} 1
rollcall_gateway_uplink_batches_total{result="gap"} 0
rollcall_gateway_uplink_batches_total{result="refused"} 1
rollcall_gateway_uplink_batches_total{result="stored"} 1
# HELP rollcall_gateway_uplink_last_success_timestamp_seconds When central last gave a receipt; 0 if not since start.
# TYPE rollcall_gateway_uplink_last_success_timestamp_seconds gauge
rollcall_gateway_uplink_last_success_timestamp_seconds 1.8000001e+09
# HELP rollcall_gateway_uplink_oldest_unsent_timestamp_seconds Time of the oldest record that central has not acknowledged; 0 if none.
# TYPE rollcall_gateway_uplink_oldest_unsent_timestamp_seconds gauge
rollcall_gateway_uplink_oldest_unsent_timestamp_seconds 1.800000002e+09
# HELP rollcall_gateway_uplink_queue_records Records of the own journal that central has not acknowledged.
# TYPE rollcall_gateway_uplink_queue_records gauge
rollcall_gateway_uplink_queue_records 3
`
	names := []string{"batches_total", "last_success_timestamp_seconds", "oldest_unsent_timestamp_seconds", "queue_records"}
	for i := range names {
		names[i] = "rollcall_gateway_uplink_" + names[i]
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}
