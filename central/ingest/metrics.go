package ingest

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/timeline"
)

type metrics struct {
	records *prometheus.CounterVec
	batches *prometheus.CounterVec
	lag     prometheus.Histogram
	suspect prometheus.Counter
	ahead   prometheus.Counter
	times   *prometheus.CounterVec
	revised *prometheus.CounterVec

	unproven prometheus.Counter
}

// kindNames are the labels of moments.
var kindNames = map[timeline.Kind]string{timeline.AsStamped: "stamped", timeline.Corrected: "corrected", timeline.Uncertain: "uncertain"}

func newMetrics(r prometheus.Registerer) *metrics {
	f := promauto.With(r)
	m := &metrics{
		records: f.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_central_ingest_records_total",
			Help: "Records in batches: new ones stored, known ones that were there already, refused ones of batches not taken.",
		}, []string{"result"}),
		batches: f.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_central_ingest_batches_total",
			Help: "Batches by what became of them.",
		}, []string{"result"}),
		lag: f.NewHistogram(prometheus.HistogramOpts{
			Name:    "rollcall_central_ingest_lag_seconds",
			Help:    "Time from a tap at the reader until it was stored here; up to a week for a building that was cut off.",
			Buckets: []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 43200, 86400, 259200, 604800},
		}),
		suspect: f.NewCounter(prometheus.CounterOpts{
			Name: "rollcall_central_ingest_suspect_records_total",
			Help: "Taps stored although stamped more than two hours in the future.",
		}),
		unproven: f.NewCounter(prometheus.CounterOpts{
			Name: "rollcall_central_ingest_unbelieved_checkpoints_total",
			Help: "Checkpoints that count for nothing: not the word of the stream's owner, or the owner has registered no key yet.",
		}),
		ahead: f.NewCounter(prometheus.CounterOpts{
			Name: "rollcall_central_ingest_ahead_records_total",
			Help: "Records stored ahead of a backlog; each comes once more, in its place.",
		}),
		times: f.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_central_ingest_taps_total",
			Help: "Taps stored, by what their time rested on then: the stamp, a correction, or nothing that vouches for it.",
		}, []string{"time"}),
		revised: f.NewCounterVec(prometheus.CounterOpts{
			Name: "rollcall_central_revised_taps_total",
			Help: "Stored taps whose time changed when an anchor came, by what it rests on since.",
		}, []string{"time"}),
	}
	for _, kind := range kindNames {
		m.times.WithLabelValues(kind)
		m.revised.WithLabelValues(kind)
	}
	for _, result := range []string{"new", "known", "refused"} {
		m.records.WithLabelValues(result)
	}
	return m
}

func (m *metrics) count(receipt contract.Receipt, sent int, err error) {
	m.batches.WithLabelValues(result(err)).Inc()
	if err != nil {
		m.records.WithLabelValues("refused").Add(float64(sent))
		return
	}
	m.records.WithLabelValues("new").Add(float64(receipt.Stored))
	m.records.WithLabelValues("known").Add(float64(receipt.Known))
}

func (m *metrics) countAhead(receipt contract.Receipt, err error) {
	m.batches.WithLabelValues(result(err)).Inc()
	m.ahead.Add(float64(receipt.Stored))
}

func result(err error) string {
	switch {
	case err == nil:
		return "stored"
	case errors.Is(err, ErrGap):
		return "gap"
	case errors.Is(err, ErrFork):
		return "fork"
	case errors.Is(err, ErrAhead):
		return "full"
	case errors.Is(err, ErrTooLarge):
		return "too_large"
	case errors.Is(err, contract.ErrBatch):
		return "malformed"
	default:
		return "error"
	}
}
