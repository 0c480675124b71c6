package capture

import "github.com/prometheus/client_golang/prometheus"

func (c *Capture) register(r prometheus.Registerer) {
	c.lit = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "rollcall", Subsystem: "gateway", Name: "tap_light_seconds",
		Help:    "Time from the last octet of a card to the moment its light is ordered.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .15, .25, .5, 1, 2.5},
	})
	if r != nil {
		r.MustRegister(c.lit, keyed{c}) // whether readers are up, their drivers tell
	}
}

// keyed tells which OSDP readers have a key: only of those is it a fault when they speak in plain.
type keyed struct{ c *Capture }

var keyedDesc = prometheus.NewDesc("rollcall_gateway_reader_keyed", "1 where the OSDP reader has a key of its own.", []string{"bus", "reader"}, nil)

// Describe implements prometheus.Collector.
func (keyed) Describe(descs chan<- *prometheus.Desc) { descs <- keyedDesc }

// Collect implements prometheus.Collector.
func (k keyed) Collect(metrics chan<- prometheus.Metric) {
	for _, l := range k.c.Lines() {
		if l.Line.Driver != "osdp" {
			continue
		}
		for _, r := range l.Readers {
			value := 0.0
			if r.Keyed {
				value = 1
			}
			metrics <- prometheus.MustNewConstMetric(keyedDesc, prometheus.GaugeValue, value, l.Line.Bus, r.Reader)
		}
	}
}
