// Package backlog measures how a gateway that was cut off for a week brings central what it recorded, and how soon the taps of
// now are there meanwhile. Its journal, its sealing and its forwarder are the gateway's own, and so are TLS and HTTP between; central
// is whole, on SQLite and on PostgreSQL, and judges what comes. There is no reader: taps are appended to the journal.
package backlog

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// How much is brought and what comes meanwhile. A week of a large building is 400,000 records.
var (
	records = flag.Int("records", 2_000, "how many wait when the line is mended")
	within  = flag.Duration("within", time.Minute, "how long is measured, if the backlog is not gone before")
)

const (
	livePace = 50 * time.Millisecond
	patience = 2 * time.Minute
)

// BenchmarkBacklog is run once for each engine: -benchtime 1x. It fails when central lacks what it gave receipts for, or no tap of now
// had to pass the backlog.
func BenchmarkBacklog(b *testing.B) {
	for engine, database := range databases {
		b.Run("engine="+engine, func(b *testing.B) {
			s := openService(b, database(b))
			j := openJournal(b)
			g := s.connect(b, j)
			g.fill(*records)
			b.ResetTimer()
			began := time.Now()
			stop := g.run(b)
			taps := g.tapUntil(func() bool { return g.log.through() >= uint64(*records) || time.Since(began) > *within })
			drained, took := min(g.log.through(), uint64(*records)), time.Since(began)
			g.await(b, j.Durable())
			stop()
			b.StopTimer()
			s.check(b, g.log.through())
			times, passed := g.log.delays(taps)
			if passed == 0 {
				b.Error("no tap went ahead of the backlog: this run shows nothing")
			}
			b.ReportMetric(float64(*records), "records")
			b.ReportMetric(float64(drained)/took.Seconds(), "records/s")
			b.ReportMetric(float64(len(times)), "taps")
			for unit, q := range map[string]float64{"median-ms": .5, "p99-ms": .99, "max-ms": 1} {
				b.ReportMetric(times.Quantile(q).Seconds()*1e3, "tap-"+unit)
			}
		})
	}
}

// tap is one of now: when it was durable in the building.
type tap struct {
	seq uint64
	at  time.Time
}

// tapUntil has somebody tap at the pace until it is over, and at least once.
func (g *gateway) tapUntil(over func() bool) (taps []tap) {
	pace := time.NewTicker(livePace)
	defer pace.Stop()
	for ; ; <-pace.C {
		id, err := g.journal.Append(g.recordOf(*records+len(taps), time.Now()))
		if err != nil {
			g.b.Fatal(err)
		}
		taps = append(taps, tap{id.Seq, time.Now()})
		if over() {
			return taps
		}
	}
}

// await waits until central has a record, in its place or ahead of it.
func (g *gateway) await(b *testing.B, seq uint64) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	for !g.log.has(seq) {
		select {
		case <-time.After(livePace):
		case <-ctx.Done():
			b.Fatalf("record %d is not at central after %v", seq, patience)
		}
	}
}

// has reports whether central gave a receipt for a record.
func (l *receipts) has(seq uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.at[seq]
	return ok
}

// delays are how long each tap took from the journal to central's receipt, and how many of them went ahead.
func (l *receipts) delays(taps []tap) (times sample.Times, ahead int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range taps {
		there := l.at[t.seq]
		times = append(times, there.at.Sub(t.at))
		if there.ahead {
			ahead++
		}
	}
	return times, ahead
}
