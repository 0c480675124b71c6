package timetable

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// register offers the timetable's figures to Prometheus; each is 0 while there is none.
func (c *Cache) register() {
	if c.o.Registerer == nil {
		return
	}
	c.o.Registerer.MustRegister(
		c.gauge("timetable_synced_timestamp_seconds", "When central last confirmed or replaced the timetable; 0 if not since start.",
			func(*Index) float64 { return seconds(c.SyncedAt()) }),
		c.gauge("timetable_valid_until_timestamp_seconds", "Horizon of the timetable in force.",
			func(x *Index) float64 { return seconds(x.validUntil) }),
		c.gauge("timetable_version", "Version of the timetable in force.",
			func(x *Index) float64 { return float64(x.version) }),
		c.gauge("roster_cards", "Credentials known to the timetable in force.",
			func(x *Index) float64 { return float64(x.Cards()) }),
	)
}

func (c *Cache) gauge(name, help string, value func(*Index) float64) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "rollcall", Subsystem: "gateway", Name: name, Help: help}, func() float64 {
		if x := c.Index(); x != nil {
			return value(x)
		}
		return 0
	})
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
