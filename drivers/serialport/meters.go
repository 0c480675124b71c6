package serialport

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// meters are the counters of one line; the label bus is constant for each.
type meters struct {
	bus     string
	up      prometheus.Gauge
	reopens prometheus.Counter
}

func newMeters(bus string) meters {
	return meters{
		bus: bus,
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rollcall_gateway_link_up", Help: "1 while the serial line of the bus is open."}),
		reopens: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "rollcall_gateway_link_reopens_total", Help: "Times the serial line of the bus was opened, the first included."}),
	}
}

func (m meters) register(r prometheus.Registerer) error {
	r = prometheus.WrapRegistererWith(prometheus.Labels{"bus": m.bus}, r)
	for _, c := range []prometheus.Collector{m.up, m.reopens} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register metrics of line %q: %w", m.bus, err)
		}
	}
	return nil
}
