package gateway

import (
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// newRegistry makes the one registry of a gateway, with what every process tells of itself.
func newRegistry(version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "rollcall", Subsystem: "gateway", Name: "build_info", Help: "1 for the build that runs.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version(), "revision": revision()},
	})
	build.Set(1)
	r.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// revision is the commit the program was built from; empty when the build does not know.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

// newTaps counts taps by driver and result: accepted, duplicate, or why not.
func newTaps(r prometheus.Registerer) *prometheus.CounterVec {
	taps := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "rollcall", Subsystem: "gateway", Name: "taps_total", Help: "Taps answered, by driver and result.",
	}, []string{"source", "result"})
	r.MustRegister(taps)
	return taps
}
