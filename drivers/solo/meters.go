package solo

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
)

// meters are the metrics of one bus with one reader; the label bus is constant. Names, help and labels are those of
// package osdp where both measure the same thing. What only a polled reader has is registered only for one.
type meters struct {
	reader string
	all    []prometheus.Collector // that are registered

	taps, repeats, refused, waits, unshown tally
	noise, asked, retries, failures        tally

	up      prometheus.Gauge
	heard   prometheus.Gauge
	light   prometheus.Histogram
	signals *prometheus.CounterVec // reader, signal
	reasons *prometheus.CounterVec // reader, reason

	exchanges *prometheus.CounterVec // result
	sessions  *prometheus.CounterVec // result
	reply     prometheus.Histogram
	cycle     prometheus.Histogram
	info      *prometheus.GaugeVec // reader, driver, vendor, model, firmware
}

func newMeters(o Options) *meters {
	m := &meters{reader: o.Reader}
	m.noise.counter = m.counters("bus_noise_bytes_total", "Octets heard that belong to no frame.").WithLabelValues()
	m.up = m.gauges("reader_up", "1 while the reader answers, or for readers that only push while its line is open.", "reader").WithLabelValues(o.Reader)
	m.heard = m.gauges("reader_last_frame_timestamp_seconds", "Arrival of the last valid frame, 0 before the first.", "reader").WithLabelValues(o.Reader)
	m.light = m.histogram("tap_feedback_seconds", "From the arrival of a card to the reader's confirmation of its light.",
		.005, .01, .015, .025, .05, .075, .1, .15, .25, .5, 1, 2.5)
	m.taps.counter = m.counter("reader_taps_total", "Cards read.")
	m.unshown.counter = m.counter("reader_signals_unshown_total", "Momentary lights and beeps that the reader could not be made to show.")
	m.repeats.counter = m.counter("taps_suppressed_total", "Repetitions of a card that is already reported.")
	m.waits.counter = m.counter("reader_backpressure_total", "Cards that had to wait because the gateway took none; the reader is not polled then.")
	m.reasons = m.counters("reader_cards_refused_total", "Cards that are no credential, by reason.", "reader", "reason")
	m.signals = m.counters("reader_signals_total", "Lights that the reader put on.", "reader", "signal")
	for s := drivers.Off; s <= drivers.NotKept; s++ {
		m.signals.WithLabelValues(o.Reader, s.String())
	}
	unpolled := m.all
	m.polled()
	if !o.Polled {
		m.all = unpolled
	}
	return m
}

// polled makes what only questions and answers have.
func (m *meters) polled() {
	m.exchanges = m.counters("bus_exchanges_total", "Commands sent on the bus, by what came of them.", "result")
	for _, r := range []Result{OK, Silent, Damaged, Refused} {
		m.exchanges.WithLabelValues(string(r))
	}
	m.retries.counter = m.counters("bus_retries_total", "Commands sent again with the same octets.").WithLabelValues()
	m.reply = m.histogram("bus_reply_seconds", "From the end of a command to the end of its reply.",
		.002, .003, .005, .008, .012, .02, .03, .05, .08, .12, .2, .4)
	m.cycle = m.histogram("bus_cycle_seconds", "One round over the readers that are due.",
		.005, .01, .02, .035, .05, .075, .1, .15, .2, .3, .5, 1, 2)
	m.sessions = m.counters("sessions_total", "Changes of the connection to a reader: up, restart (sequence began again), lost; of its secure channel: secure, broken (ended by a reply that does not belong in it), refused.", "result")
	m.info = m.gauges("reader_info", "1 for what the reader says it is.", "reader", "driver", "vendor", "model", "firmware")
}

// counter is one of the reader.
func (m *meters) counter(name, help string) prometheus.Counter {
	return m.counters(name, help, "reader").WithLabelValues(m.reader)
}

func (m *meters) counters(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_gateway_" + name, Help: help}, labels)
	m.all = append(m.all, v)
	return v
}

func (m *meters) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "rollcall_gateway_" + name, Help: help}, labels)
	m.all = append(m.all, v)
	return v
}

func (m *meters) histogram(name, help string, buckets ...float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "rollcall_gateway_" + name, Help: help, Buckets: buckets})
	m.all = append(m.all, h)
	return h
}

func (m *meters) register(bus string, r prometheus.Registerer) error {
	r = prometheus.WrapRegistererWith(prometheus.Labels{"bus": bus}, r)
	for _, c := range m.all {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register metrics of bus %q: %w", bus, err)
		}
	}
	return nil
}

func (m *meters) turn(up bool) {
	if up {
		m.up.Set(1)
		m.sessions.WithLabelValues("up").Inc()
		return
	}
	m.up.Set(0)
	m.sessions.WithLabelValues("lost").Inc()
}

func (m *meters) refuse(reason string) {
	m.refused.add(1)
	m.reasons.WithLabelValues(m.reader, reason).Inc()
}

func (m *meters) shown(s drivers.Signal) { m.signals.WithLabelValues(m.reader, s.String()).Inc() }

func (m *meters) exchange(r Result) {
	m.asked.add(1)
	m.exchanges.WithLabelValues(string(r)).Inc()
	if r != OK {
		m.failures.add(1)
	}
}

// identified replaces what the reader said it was before.
func (m *meters) identified(o Options, vendor, model, firmware string) {
	m.info.Reset()
	m.info.WithLabelValues(o.Reader, o.Driver, vendor, model, firmware).Set(1)
}

func (m *meters) counts() drivers.Counts {
	return drivers.Counts{
		Taps: m.taps.value(), Repeats: m.repeats.value(), Refused: m.refused.value(), Retries: m.retries.value(),
		Failures: m.failures.value(), Waits: m.waits.value(), Unshown: m.unshown.value(),
	}
}
