package ascii

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
)

// meters are the metrics of one bus with one reader; the label bus is constant. Names, help and labels are those of
// package osdp where both measure the same thing.
type meters struct {
	bus        string
	all        []prometheus.Collector
	noise      prometheus.Counter
	up         prometheus.Gauge
	heard      prometheus.Gauge
	taps       prometheus.Counter
	unshown    prometheus.Counter
	suppressed prometheus.Counter
	waits      prometheus.Counter
	signals    *prometheus.CounterVec // reader, signal
	refused    *prometheus.CounterVec // reader, reason
}

func newMeters(bus, reader string) *meters {
	m := &meters{bus: bus}
	m.noise = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "rollcall_gateway_bus_noise_bytes_total", Help: "Octets heard that belong to no frame."})
	m.all = append(m.all, m.noise)
	m.up = m.gauge(reader, "reader_up", "1 while the reader answers, or for readers that only push while its line is open.")
	m.heard = m.gauge(reader, "reader_last_frame_timestamp_seconds", "Arrival of the last valid frame, 0 before the first.")
	m.taps = m.counters("reader_taps_total", "Cards read.", "reader").WithLabelValues(reader)
	m.unshown = m.counters("reader_signals_unshown_total",
		"Momentary lights and beeps that the reader could not be made to show.", "reader").WithLabelValues(reader)
	m.suppressed = m.counters("taps_suppressed_total", "Repetitions of a card that is already reported.", "reader").WithLabelValues(reader)
	m.waits = m.counters("reader_backpressure_total",
		"Cards that had to wait because the gateway took none; the reader is not polled then.", "reader").WithLabelValues(reader)
	m.refused = m.counters("reader_cards_refused_total", "Cards that are no credential, by reason.", "reader", "reason")
	m.signals = m.counters("reader_signals_total", "Lights that the reader put on.", "reader", "signal")
	for s := drivers.Off; s <= drivers.NotKept; s++ {
		m.signals.WithLabelValues(reader, s.String())
	}
	return m
}

func (m *meters) gauge(reader, name, help string) prometheus.Gauge {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "rollcall_gateway_" + name, Help: help}, []string{"reader"})
	m.all = append(m.all, v)
	return v.WithLabelValues(reader)
}

func (m *meters) counters(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_gateway_" + name, Help: help}, labels)
	m.all = append(m.all, v)
	return v
}

func (m *meters) register(r prometheus.Registerer) error {
	r = prometheus.WrapRegistererWith(prometheus.Labels{"bus": m.bus}, r)
	for _, c := range m.all {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register metrics of bus %q: %w", m.bus, err)
		}
	}
	return nil
}
