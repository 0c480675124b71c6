package ble

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers/ble/beacon"
	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// Where an advert or event made no sense, and where one was lost.
const (
	layerController = "controller"
	layerAdvert     = "advert"
	layerWorker     = "worker"
	stageWorker     = "worker" // the gateway read too slowly
	stageTable      = "table"  // too many beacons that nobody has configured
)

// metrics are those of one adapter, all labelled with it, so that a gateway can have two.
type metrics struct {
	restarts, malformed, dropped *prometheus.CounterVec
	adverts, empty               prometheus.Counter
	lastAdvert                   prometheus.Gauge
	roundTrip                    prometheus.Histogram
	frames                       map[beacon.Kind]prometheus.Counter
}

func newMetrics(s *Supervisor, r prometheus.Registerer) (*metrics, error) {
	r = prometheus.WrapRegistererWith(prometheus.Labels{"adapter": s.adapterName()}, r)
	vec := func(name, help, label string, values ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rollcall_gateway_ble_" + name, Help: help}, []string{label})
		for _, value := range values {
			v.WithLabelValues(value) // a counter that begins at its first event hides that event from rate()
		}
		return v
	}
	m := &metrics{
		restarts:  vec("worker_restarts_total", "Bluetooth workers that ended and were replaced.", "reason", allReasons()...),
		malformed: vec("malformed_total", "Adverts, controller events and worker records that made no sense.", "layer", layerController, layerAdvert, layerWorker),
		dropped:   vec("dropped_total", "Adverts heard but not looked at, or not remembered.", "stage", stageWorker, stageTable),
		adverts:   prometheus.NewCounter(prometheus.CounterOpts{Name: "rollcall_gateway_ble_adverts_total", Help: "Bluetooth adverts heard."}),
		empty:     prometheus.NewCounter(prometheus.CounterOpts{Name: "rollcall_gateway_ble_adverts_empty_total", Help: "Bluetooth adverts heard without data."}),
		lastAdvert: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "rollcall_gateway_ble_last_advert_timestamp_seconds", Help: "When the last Bluetooth advert was heard; 0 when never."}),
		roundTrip: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rollcall_gateway_ble_hci_roundtrip_seconds", Help: "Time the Bluetooth controller took to answer a heartbeat.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .05, .1, .5, 1, 2}}),
		frames: map[beacon.Kind]prometheus.Counter{},
	}
	frames := vec("frames_total", "Beacon frames heard.", "kind")
	for _, k := range beacon.Kinds() {
		m.frames[k] = frames.WithLabelValues(k.String())
	}
	up := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "rollcall_gateway_ble_adapter_up", Help: "1 while the Bluetooth adapter scans."}, func() float64 {
		if s.Adapter().Up {
			return 1
		}
		return 0
	})
	var faults []error
	for _, c := range []prometheus.Collector{up, m.restarts, m.malformed, m.dropped, m.adverts, m.empty, m.lastAdvert, m.roundTrip, frames, beaconCollector{s}} {
		faults = append(faults, r.Register(c))
	}
	return m, errors.Join(faults...)
}

func (m *metrics) heard(a *wire.Advert, now time.Time) {
	m.adverts.Inc()
	m.lastAdvert.Set(seconds(now))
	if a.Len == 0 {
		m.empty.Inc()
	}
}

func (m *metrics) frame(k beacon.Kind) {
	if c := m.frames[k]; c != nil {
		c.Inc()
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// beaconCollector shows the configured beacons as they are when asked.
type beaconCollector struct{ s *Supervisor }

var (
	beaconLabels = []string{"beacon", "room"}
	beaconSeen   = prometheus.NewDesc("rollcall_gateway_beacon_last_seen_timestamp_seconds", "When the beacon was last heard; 0 when never.", beaconLabels, nil)
	beaconRSSI   = prometheus.NewDesc("rollcall_gateway_beacon_rssi_dbm", "Signal strength of the beacon, upper quartile of the last 5 s; absent while it is silent.", beaconLabels, nil)
	beaconVolts  = prometheus.NewDesc("rollcall_gateway_beacon_battery_volts", "Battery of the beacon as it last said; absent when it does not say.", beaconLabels, nil)
	beaconHeat   = prometheus.NewDesc("rollcall_gateway_beacon_temperature_celsius", "Temperature of the beacon as it last said; absent when it does not say.", beaconLabels, nil)
)

// Describe is part of prometheus.Collector.
func (beaconCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{beaconSeen, beaconRSSI, beaconVolts, beaconHeat} {
		to <- d
	}
}

// Collect is part of prometheus.Collector.
func (c beaconCollector) Collect(to chan<- prometheus.Metric) {
	for _, b := range c.s.Beacons() {
		if b.Place.Name == "" {
			continue // anybody can make up a beacon, and with it a label
		}
		gauge := func(d *prometheus.Desc, v float64) {
			to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, b.Place.Name, b.Place.Room)
		}
		heard := 0.0
		if !b.HeardAt.IsZero() {
			heard = seconds(b.HeardAt)
		}
		gauge(beaconSeen, heard)
		if b.Readings > 0 {
			gauge(beaconRSSI, float64(b.RSSI))
		}
		if b.Telemetry != nil && b.Telemetry.Volts > 0 {
			gauge(beaconVolts, b.Telemetry.Volts)
		}
		if b.Telemetry != nil && b.Telemetry.HasCelsius {
			gauge(beaconHeat, b.Telemetry.Celsius)
		}
	}
}
