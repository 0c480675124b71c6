package forward

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

type meters struct {
	registerer prometheus.Registerer
	batches    *prometheus.CounterVec
	requests   prometheus.Histogram
	ahead      prometheus.Counter
	others     prometheus.Gauge
	success    *atomic.Int64 // of the last receipt, milliseconds since 1970; 0 if none yet
}

func newMeters(r prometheus.Registerer) meters {
	m := meters{
		registerer: r,
		batches:    prometheus.NewCounterVec(opts("uplink_batches_total", "Batches sent to central by result."), []string{"result"}),
		requests: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "rollcall", Subsystem: "gateway", Name: "uplink_request_seconds",
			Help:    "Time from sending a batch to its receipt or refusal.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}),
		ahead: prometheus.NewCounter(opts("uplink_ahead_records_total", "Records sent ahead of a backlog; each is sent once more, in its place.")),
		others: prometheus.NewGauge(prometheus.GaugeOpts(opts("uplink_others_queue_records",
			"Records of other gateways' streams that are here as copies and not yet acknowledged by central."))),
		success: new(atomic.Int64),
	}
	m.offer(m.batches, m.requests, m.ahead, m.others, prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("uplink_last_success_timestamp_seconds",
		"When central last gave a receipt; 0 if not since start.")), func() float64 { return float64(m.success.Load()) / 1000 }))
	for _, result := range []string{"stored", "gap", "fork", "busy", "refused", "failed"} {
		m.batches.WithLabelValues(result)
	}
	return m
}

func opts(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Namespace: "rollcall", Subsystem: "gateway", Name: name, Help: help}
}

func (m meters) offer(cs ...prometheus.Collector) {
	if m.registerer != nil {
		m.registerer.MustRegister(cs...)
	}
}

func (m meters) sent(at time.Time, took time.Duration, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	m.batches.WithLabelValues(result(err)).Inc()
	m.requests.Observe(took.Seconds())
	if err == nil {
		m.success.Store(at.UnixMilli())
	}
}

// result is the label of uplink_batches_total.
func result(err error) string {
	if err == nil {
		return "stored"
	}
	p, ok := errors.AsType[*contract.Problem](err)
	switch {
	case !ok:
		return "failed"
	case p.Type == contract.ProblemGap:
		return "gap"
	case p.Type == contract.ProblemFork:
		return "fork"
	case p.Status == 429 || p.Status == 503:
		return "busy"
	case p.Status >= 500:
		return "failed"
	}
	return "refused"
}
