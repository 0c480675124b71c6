package solo

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// tally is a total that both the status page and the metrics show.
type tally struct {
	n       atomic.Uint64
	counter prometheus.Counter // nil where a vector holds the parts
}

func (t *tally) add(n int) {
	t.n.Add(uint64(n))
	if t.counter != nil {
		t.counter.Add(float64(n))
	}
}

func (t *tally) value() uint64 { return t.n.Load() }
