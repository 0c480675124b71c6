package judge

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	run     prometheus.Histogram
	success prometheus.Gauge
	dirty   prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		run: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rollcall_central_rules_run_seconds", Help: "Time to judge one student, from reading facts to storing findings.",
			Buckets: []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .5},
		}),
		success: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rollcall_central_rules_last_success_timestamp_seconds", Help: "When nobody was left to be judged.",
		}),
		dirty: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rollcall_central_judge_dirty_students", Help: "Students whose facts changed since they were judged.",
		}),
	}
	r.MustRegister(m.run, m.success, m.dirty)
	return m
}
