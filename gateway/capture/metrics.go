package capture

import "github.com/prometheus/client_golang/prometheus"

func (c *Capture) register(r prometheus.Registerer) {
	c.lit = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "rollcall", Subsystem: "gateway", Name: "tap_light_seconds",
		Help:    "Time from the last octet of a card to the moment its light is ordered.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .15, .25, .5, 1, 2.5},
	})
	if r != nil {
		r.MustRegister(c.lit, readersUp{c})
	}
}

var readerUp = prometheus.NewDesc("rollcall_gateway_reader_up", "1 while the reader's line is open and, where the protocol can tell, it answers.", []string{"reader"}, nil)

// readersUp reads the state of the readers when it is asked.
type readersUp struct{ capture *Capture }

// Describe implements prometheus.Collector.
func (readersUp) Describe(ch chan<- *prometheus.Desc) { ch <- readerUp }

// Collect implements prometheus.Collector.
func (u readersUp) Collect(ch chan<- prometheus.Metric) {
	for _, s := range u.capture.Status() {
		up := 0.0
		if s.Up {
			up = 1
		}
		ch <- prometheus.MustNewConstMetric(readerUp, prometheus.GaugeValue, up, s.Reader)
	}
}
