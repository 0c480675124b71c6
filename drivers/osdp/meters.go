package osdp

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
)

// Changes of the connection to a reader, as sessions_total counts them.
const (
	sessionUp      = "up"
	sessionRestart = "restart"
	sessionLost    = "lost"
	sessionSecure  = "secure"
	sessionBroken  = "broken"
	sessionRefused = "refused"
)

var sessionResults = []string{sessionUp, sessionRestart, sessionLost, sessionSecure, sessionBroken, sessionRefused}

// meters are the metrics of one bus; the label bus is constant for each.
type meters struct {
	bus       string
	exchanges *prometheus.CounterVec // result
	retries   prometheus.Counter
	noise     prometheus.Counter
	echoes    prometheus.Counter
	strangers prometheus.Counter
	reply     prometheus.Histogram
	cycle     prometheus.Histogram
	feedback  prometheus.Histogram
	busy      prometheus.Gauge
	sessions  *prometheus.CounterVec // result

	up         *prometheus.GaugeVec   // reader
	secure     *prometheus.GaugeVec   // reader
	tamper     *prometheus.GaugeVec   // reader
	power      *prometheus.GaugeVec   // reader
	info       *prometheus.GaugeVec   // reader, driver, vendor, model, firmware
	heard      *prometheus.GaugeVec   // reader
	taps       *prometheus.CounterVec // reader
	signals    *prometheus.CounterVec // reader, signal
	unshown    *prometheus.CounterVec // reader
	suppressed *prometheus.CounterVec // reader
	refused    *prometheus.CounterVec // reader, reason
	waits      *prometheus.CounterVec // reader
	keys       *prometheus.CounterVec // reader
	unknown    *prometheus.CounterVec // reader
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "rollcall_gateway_" + name, Help: help})
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_gateway_" + name, Help: help}, labels)
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "rollcall_gateway_" + name, Help: help}, labels)
}

func histogram(name, help string, buckets ...float64) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: "rollcall_gateway_" + name, Help: help, Buckets: buckets})
}

func newMeters(bus string, readers []Reader) *meters {
	m := &meters{
		bus:       bus,
		exchanges: counters("bus_exchanges_total", "Commands sent on the bus, by what came of them.", "result"),
		retries:   counter("bus_retries_total", "Commands sent again with the same octets."),
		noise:     counter("bus_noise_bytes_total", "Octets heard that belong to no frame."),
		echoes:    counter("bus_echo_frames_total", "Frames of our own that the adapter sent back."),
		strangers: counter("bus_unknown_address_total", "Replies from an address that is not configured."),
		reply: histogram("bus_reply_seconds", "From the end of a command to the end of its reply.",
			.002, .003, .005, .008, .012, .02, .03, .05, .08, .12, .2, .4),
		cycle: histogram("bus_cycle_seconds", "One round over the readers that are due.",
			.005, .01, .02, .035, .05, .075, .1, .15, .2, .3, .5, 1, 2),
		feedback: histogram("tap_feedback_seconds", "From the arrival of a card to the reader's confirmation of its light.",
			.005, .01, .015, .025, .05, .075, .1, .15, .25, .5, 1, 2.5),
		busy: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rollcall_gateway_bus_utilisation_ratio", Help: "Share of the last second in which an exchange was on the bus."}),
		sessions: counters("sessions_total", "Changes of the connection to a reader: up, restart (sequence began again), lost; of its secure channel: secure, broken (ended by a reply that does not belong in it), refused.", "result"),

		up:         gauges("reader_up", "1 while the reader answers, or for readers that only push while its line is open.", "reader"),
		secure:     gauges("reader_secure", "1 while the reader speaks under its own key.", "reader"),
		tamper:     gauges("reader_tamper", "1 while the reader reports that it was opened or moved.", "reader"),
		power:      gauges("reader_power_failure", "1 while the reader reports a power failure.", "reader"),
		info:       gauges("reader_info", "1 for what the reader says it is.", "reader", "driver", "vendor", "model", "firmware"),
		heard:      gauges("reader_last_frame_timestamp_seconds", "Arrival of the last valid frame, 0 before the first.", "reader"),
		taps:       counters("reader_taps_total", "Cards read.", "reader"),
		signals:    counters("reader_signals_total", "Lights that the reader put on.", "reader", "signal"),
		unshown:    counters("reader_signals_unshown_total", "Momentary lights and beeps that the reader could not be made to show.", "reader"),
		suppressed: counters("taps_suppressed_total", "Repetitions of a card that is already reported.", "reader"),
		refused:    counters("reader_cards_refused_total", "Cards that are no credential, by reason.", "reader", "reason"),
		waits:      counters("reader_backpressure_total", "Cards that had to wait because the gateway took none; the reader is not polled then.", "reader"),
		keys:       counters("reader_keys_total", "Key presses, which are ignored.", "reader"),
		unknown:    counters("reader_unknown_replies_total", "Replies that mean nothing here.", "reader"),
	}
	m.zero(readers)
	return m
}

// zero makes the series of every reader exist from the start, so that rates see the first event.
func (m *meters) zero(readers []Reader) {
	for _, r := range []result{resultOK, resultTimeout, resultCRC, resultNak, resultBusy, resultMAC} {
		m.exchanges.WithLabelValues(string(r))
	}
	for _, result := range sessionResults {
		m.sessions.WithLabelValues(result)
	}
	for _, r := range readers {
		for _, v := range []*prometheus.GaugeVec{m.up, m.secure, m.tamper, m.power, m.heard} {
			v.WithLabelValues(r.Name)
		}
		for _, v := range []*prometheus.CounterVec{m.taps, m.unshown, m.suppressed, m.waits, m.keys, m.unknown} {
			v.WithLabelValues(r.Name)
		}
		for s := drivers.Off; s <= drivers.NotKept; s++ {
			m.signals.WithLabelValues(r.Name, s.String())
		}
	}
}

func (m *meters) register(r prometheus.Registerer) error {
	r = prometheus.WrapRegistererWith(prometheus.Labels{"bus": m.bus}, r)
	for _, c := range []prometheus.Collector{
		m.exchanges, m.retries, m.noise, m.echoes, m.strangers, m.reply, m.cycle, m.feedback, m.busy, m.sessions,
		m.up, m.secure, m.tamper, m.power, m.info, m.heard, m.taps, m.signals, m.unshown, m.suppressed, m.refused, m.waits, m.keys, m.unknown,
	} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register metrics of bus %q: %w", m.bus, err)
		}
	}
	return nil
}

// state sets the gauges of one reader and counts the flashes it lost.
func (m *meters) state(d *device) {
	m.up.WithLabelValues(d.Name).Set(gauge(d.up()))
	m.secure.WithLabelValues(d.Name).Set(gauge(d.underOwnKey()))
	m.tamper.WithLabelValues(d.Name).Set(gauge(d.health.tamper))
	m.power.WithLabelValues(d.Name).Set(gauge(d.health.power))
	if !d.heardAt.IsZero() {
		m.heard.WithLabelValues(d.Name).Set(float64(d.heardAt.UnixNano()) / 1e9)
	}
	m.unshown.WithLabelValues(d.Name).Add(float64(d.unshown))
	d.counts.Unshown += uint64(d.unshown)
	d.unshown = 0
}

// identified replaces what the reader said it was before.
func (m *meters) identified(reader string, i identity) {
	m.info.DeletePartialMatch(prometheus.Labels{"reader": reader})
	m.info.WithLabelValues(reader, "osdp", i.vendor, i.model, i.firmware).Set(1)
}

// gauge is 1 for true.
func gauge(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
