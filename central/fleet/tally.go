package fleet

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Missing is how many records exist somewhere that central has not got.
func (s Stream) Missing() uint64 { return s.Durable - min(s.Through, s.Durable) }

// Disputed reports whether the stream is quarantined and nobody has found out yet which of its histories is true.
func (s Stream) Disputed() bool { return s.Quarantined != "" && s.Settled == "" }

// askWithin bounds what one scrape may ask of the database.
const askWithin = 5 * time.Second

var (
	missingRecords = prometheus.NewDesc("rollcall_central_missing_records",
		"Records that exist by the word of any gateway and are not here yet, by the gateway that owns their stream, dead and revoked ones too.", []string{"gateway"}, nil)
	quarantinedStreams = prometheus.NewDesc("rollcall_central_quarantined_streams",
		"Streams that take nothing any more because what came contradicts what is stored or signed, until somebody has settled it, by the gateway that owns them.", []string{"gateway"}, nil)
)

// tally tells at each scrape what central knows to exist and has not got, and which streams are quarantined. A gateway that
// died is seen by it as well: its neighbours report how far they hold its stream.
type tally struct {
	store Store
	log   *slog.Logger
}

// Describe implements prometheus.Collector.
func (tally) Describe(c chan<- *prometheus.Desc) { c <- missingRecords; c <- quarantinedStreams }

// Collect implements prometheus.Collector.
func (t tally) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	streams, err := t.store.Streams(ctx)
	if err != nil {
		t.log.Warn("streams are not counted", "error", err) // the database says so elsewhere; other figures go on
		return
	}
	missing, disputed := map[string]uint64{}, map[string]int{}
	for _, s := range streams {
		missing[s.Gateway] += s.Missing()
		disputed[s.Gateway] += 0 // in order: that is a figure too
		if s.Disputed() {
			disputed[s.Gateway]++
		}
	}
	for gateway, n := range missing {
		c <- prometheus.MustNewConstMetric(missingRecords, prometheus.GaugeValue, float64(n), gateway)
		c <- prometheus.MustNewConstMetric(quarantinedStreams, prometheus.GaugeValue, float64(disputed[gateway]), gateway)
	}
}
