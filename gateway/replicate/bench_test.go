package replicate

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// BenchmarkReplicate measures the way of a tap from the call that journals it to a majority of three gateways over mutual
// TLS: so many readers at a time, each waiting until its tap is replicated before the next one. All three gateways share
// this machine's processors and disk. The shipper does not linger here; in the field it waits up to 100 ms for company.
func BenchmarkReplicate(b *testing.B) {
	for _, readers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) {
			c := newCampus(b, 3, func(o *Options) {
				o.HeartbeatWithin, o.LeaseWithin, o.SegmentBytes = 2*time.Second, time.Second, 0
			})
			leader := c.leader()
			g := c.other(leader)
			g.tap(1)
			g.advance(1)
			replicated(b, g, leader, readers)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "taps/s")
		})
	}
}

// replicated journals taps by so many readers for as long as the benchmark lasts. A majority holds a tap when the leader has
// applied it.
func replicated(b *testing.B, g, leader *gateway, readers int) {
	taps := make(chan struct{}) // no room: a tap begins when a reader is free
	var work sync.WaitGroup
	for range readers {
		work.Go(func() {
			for range taps {
				id, err := g.journal.Append(tapRecord(streamA, 1))
				if err != nil {
					b.Error(err)
					continue
				}
				leader.reaches(id)
			}
		})
	}
	for b.Loop() {
		taps <- struct{}{}
	}
	close(taps)
	work.Wait()
}

// reaches waits until the gateway's replica holds a record.
func (g *gateway) reaches(id contract.TapID) {
	for {
		moved := g.node.Changed()
		if g.node.Watermark(id.Stream) >= id.Seq {
			return
		}
		<-moved
	}
}
