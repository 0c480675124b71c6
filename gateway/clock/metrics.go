package clock

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func (c *Clock) register(r prometheus.Registerer) {
	c.steps = prometheus.NewCounter(prometheus.CounterOpts(gauge("clock_steps_total", "How often the clock was set by more than a second.")))
	if r == nil {
		return
	}
	r.MustRegister(c.steps,
		prometheus.NewGaugeFunc(gauge("clock_synchronised", "1 while the kernel's clock is disciplined."), func() float64 {
			if c.Quality() == contract.Synchronised {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(gauge("clock_max_error_seconds", "Bound of the clock's error as the kernel tells it."), func() float64 {
			_, within, _ := c.kernel.Discipline() // 0 when the kernel does not tell; clock_synchronised is 0 then
			return within.Seconds()
		}),
	)
}

func gauge(name, help string) prometheus.GaugeOpts {
	return prometheus.GaugeOpts{Namespace: "rollcall", Subsystem: "gateway", Name: name, Help: help}
}
