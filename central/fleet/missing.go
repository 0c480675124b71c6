package fleet

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Missing is how many records exist somewhere that central has not got.
func (s Stream) Missing() uint64 { return s.Durable - min(s.Through, s.Durable) }

// askWithin bounds what one scrape may ask of the database.
const askWithin = 5 * time.Second

var missingRecords = prometheus.NewDesc("rollcall_central_missing_records",
	"Records that exist by the word of any gateway and are not here yet, by the gateway that owns their stream, dead and revoked ones too.", []string{"gateway"}, nil)

// missing tells at each scrape what central knows to exist and has not got. A gateway that died is seen by it as well: its
// neighbours report how far they hold its stream.
type missing struct {
	store Store
	log   *slog.Logger
}

// Describe implements prometheus.Collector.
func (missing) Describe(c chan<- *prometheus.Desc) { c <- missingRecords }

// Collect implements prometheus.Collector.
func (m missing) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	streams, err := m.store.Streams(ctx)
	if err != nil {
		m.log.Warn("missing records are not counted", "error", err) // the database says so elsewhere; other figures go on
		return
	}
	owned := map[string]uint64{}
	for _, s := range streams {
		owned[s.Gateway] += s.Missing()
	}
	for gateway, n := range owned {
		c <- prometheus.MustNewConstMetric(missingRecords, prometheus.GaugeValue, float64(n), gateway)
	}
}
