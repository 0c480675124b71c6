package journal

import (
	"fmt"
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what a Journal tells Prometheus. They carry no labels: a gateway has one journal.
type metrics struct {
	appendSeconds prometheus.Histogram
	syncSeconds   prometheus.Histogram
	flushes       prometheus.Counter
	records       prometheus.Counter
	state         []prometheus.Collector
}

func newMetrics(j *Journal) *metrics {
	return &metrics{
		appendSeconds: seconds("append_seconds", "Time to keep one record, from the call to durable."),
		syncSeconds:   seconds("sync_seconds", "Time of one write and fdatasync; it grows as the card wears out."),
		flushes:       counter("flushes_total", "Flushes to disk."),
		records:       counter("records_total", "Records made durable."),
		state: []prometheus.Collector{
			gauge("durable", "Number of the last record on disk.", func() float64 { return float64(j.Durable()) }),
			gauge("acknowledged", "Number up to which central holds the stream.", func() float64 { return float64(j.Acknowledged()) }),
			gauge("bytes", "Bytes of the journal's segments on disk.", func() float64 { return float64(j.bytes()) }),
			gauge("disk_used_ratio", "Share of the journal's disk in use, apart from its reserve; at 1 no tap can be kept. NaN if it is not known.", j.diskUsed),
		},
	}
}

const (
	namespace = "rollcall_gateway"
	subsystem = "journal"
)

func seconds(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: namespace, Subsystem: subsystem, Name: name, Help: help,
		Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16), // 0.1 ms to 3.3 s
	})
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
}

func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}, value)
}

func (m *metrics) all() []prometheus.Collector {
	return append([]prometheus.Collector{m.appendSeconds, m.syncSeconds, m.flushes, m.records}, m.state...)
}

// registerAll makes metrics visible. Two journals cannot share a registerer.
func registerAll(r prometheus.Registerer, all []prometheus.Collector) error {
	if r == nil {
		return nil
	}
	for _, c := range all {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("register journal metrics: %w", err)
		}
	}
	return nil
}

func unregisterAll(r prometheus.Registerer, all []prometheus.Collector) {
	if r == nil {
		return
	}
	for _, c := range all {
		r.Unregister(c)
	}
}

func (m *metrics) flushed(f Flush) {
	m.flushes.Inc()
	m.records.Add(float64(f.Records))
	m.syncSeconds.Observe(f.Took.Seconds())
}

func (j *Journal) diskUsed() float64 {
	used, err := j.DiskUsed()
	if err != nil {
		return math.NaN()
	}
	return used
}

func (j *Journal) bytes() int64 {
	j.swap.RLock()
	defer j.swap.RUnlock()
	return j.log.Bytes()
}
