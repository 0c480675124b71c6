package replicate

import (
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// How BenchmarkIsolation measures: some rounds of taps at a door each, in turns with the cluster whole and the gateway isolated,
// so that what else the machine does falls on both alike.
const (
	isolationRounds = 4
	isolationTaps   = 500
	isolationPace   = 5 * time.Millisecond
)

// BenchmarkIsolation measures how long a tap takes to be kept, which is what its light waits for, while the cluster is whole and
// while the gateway is isolated; and when whole, how long until a majority holds it. Three gateways' parts in one process over
// mutual TLS, as in the field but for the machine they share: shippers linger, and all three record 200 taps/s. One run is
// one measurement; use -benchtime 1x.
func BenchmarkIsolation(b *testing.B) {
	c := newCampus(b, 3, func(o *Options) {
		o.HeartbeatWithin, o.LeaseWithin, o.CommitEvery, o.SegmentBytes, o.LookEvery = 0, 0, 0, 0, 0
	})
	for _, g := range c.gateways { // as they are in the field
		g.halt()
		g.linger = 100 * time.Millisecond
		g.start()
	}
	leader := c.leader()
	g := c.other(leader)
	stop := c.background(leader, c.other(leader, g))
	defer stop()
	g.paced(leader, 50) // warm
	var whole, isolated, lag []time.Duration
	for b.Loop() {
		for range isolationRounds {
			kept, behind := g.paced(leader, isolationTaps)
			whole, lag = append(whole, kept...), append(lag, behind...)
			c.lines.isolate(g.member.ID)
			kept, _ = g.paced(nil, isolationTaps)
			isolated = append(isolated, kept...)
			c.lines.heal(g.member.ID)
			leader = c.leader()
			leader.reaches(contract.TapID{Stream: g.journal.Stream(), Seq: g.journal.Durable()})
		}
	}
	for name, times := range map[string][]time.Duration{"whole": whole, "isolated": isolated, "lag": lag} {
		b.ReportMetric(quantile(times, .5).Seconds()*1e3, name+"-median-ms")
		b.ReportMetric(quantile(times, .99).Seconds()*1e3, name+"-p99-ms")
	}
	b.ReportMetric(quantile(isolated, .99).Seconds()/quantile(whole, .99).Seconds(), "isolated/whole-p99")
}

// background has gateways record taps at the same pace until stop is called.
func (c *campus) background(at ...*gateway) (stop func()) {
	ended := make(chan struct{})
	done := make(chan struct{}, len(at))
	for _, g := range at {
		go func() {
			defer func() { done <- struct{}{} }()
			ticker := time.NewTicker(isolationPace)
			defer ticker.Stop()
			for {
				select {
				case <-ended:
					return
				case <-ticker.C:
					g.tap(1)
				}
			}
		}()
	}
	return func() {
		close(ended)
		for range at {
			<-done
		}
	}
}

// paced records taps one after the other and gives for each how long it took to be kept, and how long after that leader, if
// there is one, had it applied: then a majority holds it.
func (g *gateway) paced(leader *gateway, n int) (kept, lag []time.Duration) {
	g.campus.t.Helper()
	durable := make(chan contract.TapID, n)
	since := make(chan time.Time, n)
	held := make(chan []time.Duration, 1)
	go func() {
		var all []time.Duration
		for id := range durable {
			from := <-since
			if leader != nil {
				leader.reaches(id)
				all = append(all, time.Since(from))
			}
		}
		held <- all
	}()
	ticker := time.NewTicker(isolationPace)
	defer ticker.Stop()
	for range n {
		<-ticker.C
		began := time.Now()
		id, err := g.journal.Append(tapRecord(contract.Stream{}, 1))
		if err != nil {
			g.campus.t.Fatal(err)
		}
		now := time.Now()
		kept = append(kept, now.Sub(began))
		durable <- id
		since <- now
	}
	close(durable)
	return kept, <-held
}

func quantile(times []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
