package capture

import "github.com/prometheus/client_golang/prometheus"

func (c *Capture) register(r prometheus.Registerer) {
	c.lit = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "rollcall", Subsystem: "gateway", Name: "tap_light_seconds",
		Help:    "Time from the last octet of a card to the moment its light is ordered.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .15, .25, .5, 1, 2.5},
	})
	if r != nil {
		r.MustRegister(c.lit) // whether readers are up, their drivers tell
	}
}
