package gateway

import (
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// pruneAside removes what was set aside of the journal and on its mirror once central has held all of it for as long as records are kept. That time
// counts from when it was first seen that central does, by a clock that is known: the name of a directory may bear any date.
func (g *Gateway) pruneAside(now time.Time) error {
	aside, err := journal.SetAside(journalDir(g.config))
	if err != nil {
		return err
	}
	var errs []error
	for _, a := range append(aside, g.asideOnMirror()...) {
		switch {
		case !g.whole(a):
		case a.WholeAt.IsZero():
			errs = append(errs, journal.MarkWhole(a.Dir, now))
		case now.Sub(a.WholeAt) >= retention:
			g.log.Warn("removed what was set aside: central has all of it", slog.String("dir", a.Dir), slog.String("outcome", a.Recovered))
			errs = append(errs, journal.Discard(a.Dir))
		}
	}
	return errors.Join(errs...)
}

// whole reports whether central holds every number that a directory has a trace of. What could not be read of it may have come
// from a neighbour since.
func (g *Gateway) whole(a journal.Aside) bool {
	last := a.Extent.Last
	if a.Recovered == "" || last.Seq == 0 {
		return false
	}
	through := a.Extent.Through
	if g.cluster != nil {
		through = max(through, g.cluster.Acknowledged(last.Stream))
		last.Seq = max(last.Seq, g.carriedOr(a, g.cluster.Watermark(last.Stream)))
	}
	return through >= last.Seq
}

// carriedOr is how far the cluster's copies say that a stream went. What lives on in another stream is not looked for.
func (g *Gateway) carriedOr(a journal.Aside, watermark uint64) uint64 {
	if a.Carried > 0 {
		return min(watermark, a.Carried-1)
	}
	return watermark
}

// asides counts directories that were set aside and remain.
type asides struct {
	g    *Gateway
	desc *prometheus.Desc
}

func newAsides(g *Gateway) asides {
	return asides{g, prometheus.NewDesc("rollcall_gateway_aside_directories",
		"Directories that were set aside and remain: of the journal until central is known to hold all of them (waiting) and until they are removed (whole), of the replica until a person removes them.",
		[]string{"of", "state"}, nil)}
}

// Describe implements prometheus.Collector.
func (a asides) Describe(out chan<- *prometheus.Desc) { out <- a.desc }

// Collect implements prometheus.Collector.
func (a asides) Collect(out chan<- prometheus.Metric) {
	tell := func(n int, of, state string) {
		out <- prometheus.MustNewConstMetric(a.desc, prometheus.GaugeValue, float64(n), of, state)
	}
	if journals, err := journal.SetAside(journalDir(a.g.config)); err == nil {
		whole := 0
		for _, j := range journals {
			if !j.WholeAt.IsZero() {
				whole++
			}
		}
		tell(len(journals)-whole, "journal", "waiting")
		tell(whole, "journal", "whole")
	}
	replicas := 0
	for _, pattern := range []string{"damaged-*", "left-*"} {
		found, _ := filepath.Glob(filepath.Join(a.g.clusterDir(), pattern)) // errs only for a bad pattern
		replicas += len(found)
	}
	tell(replicas, "replica", "waiting")
}
