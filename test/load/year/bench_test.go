package year

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/test/load/sample"
)

var (
	students = flag.Int("students", 400, "how many the year that is measured has")
	seconds  = flag.Duration("seconds", 2*time.Second, "how long each rate is measured")
)

// BenchmarkYear fills a database of each engine with a year, judges it from nothing, and then measures in it what people and
// gateways wait for. It is run once; its figures are named below.
func BenchmarkYear(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(200)) // as the unit of central has it
	for _, engine := range engines {
		b.Run("engine="+engine, func(b *testing.B) {
			began := time.Now()
			u := found(b, engine, Size{Students: *students, Weeks: Whole.Weeks})
			report := func(unit string, value float64) {
				b.ReportMetric(value, unit)
				b.Logf("%s %s: %.4g", engine, unit, value)
			}
			report("fill-s", time.Since(began).Seconds())
			report("students", float64(*students))

			began = time.Now()
			if err := u.judge.Settle(b.Context()); err != nil {
				b.Fatal(err)
			}
			report("rebuild-s", time.Since(began).Seconds())
			if info, err := os.Stat(u.place.Database); err == nil {
				report("file-MB", float64(info.Size())/1e6)
			}
			if engine == "postgres" { // as the server does by itself after a minute
				if _, err := u.look(b).ExecContext(b.Context(), "ANALYZE"); err != nil {
					b.Fatal(err)
				}
			}
			runtime.GC()

			report("judge-ms", millis(u.rejudged(b).Median()))
			i := u.newIntake(b)
			report("ingest-rows/s", i.rate(b, *seconds))
			if err := u.judge.Settle(b.Context()); err != nil {
				b.Fatal(err)
			}
			for _, q := range u.queries() {
				report(q.name+"-idle-ms", millis(u.asked(b, q, *seconds/4).Median()))
			}
			stop := u.work(b, i)
			for _, q := range u.queries() {
				times := u.asked(b, q, *seconds)
				report(q.name+"-ms", millis(times.Median()))
				report(q.name+"-p99-ms", millis(times.Quantile(0.99)))
			}
			report("busy-rows/s", stop())
		})
	}
}

func millis(d time.Duration) float64 { return d.Seconds() * 1000 }

// pageOfSessions is what one page of registers lists.
const pageOfSessions = 150

// query is what a page of central asks.
type staffQuery struct {
	name string
	ask  func(ctx context.Context, r *rand.Rand) error
}

func (u *university) queries() []staffQuery {
	const term = "spring"
	ends := func(_ any, err error) error { return err }
	return []staffQuery{
		{"student", func(ctx context.Context, r *rand.Rand) error {
			return ends(u.reports.Student(ctx, studentID(r.IntN(u.year.Students)), term, true))
		}},
		{"register", func(ctx context.Context, r *rand.Rand) error {
			return ends(u.reports.Register(ctx, u.year.anySession(r).id()))
		}},
		{"engagement", func(ctx context.Context, r *rand.Rand) error {
			if _, err := u.reports.Overview(ctx, term, true); err != nil {
				return err
			}
			return ends(u.reports.Students(ctx, term, report.Filter{Limit: 25, Offset: 25 * r.IntN(4), Sponsorship: true}))
		}},
		{"ten-missed", func(ctx context.Context, r *rand.Rand) error {
			return ends(u.reports.Students(ctx, term, report.Filter{MissedFrom: 10, Limit: 25, Offset: 25 * r.IntN(4), Sponsorship: true}))
		}},
		{"low-months", func(ctx context.Context, _ *rand.Rand) error {
			return ends(u.reports.FindingPage(ctx, report.FindingFilter{Rule: "E-4", Limit: 50, Sponsorship: true}))
		}},
		{"day", func(ctx context.Context, r *rand.Rand) error {
			at := u.year.anySession(r).starts()
			sessions, err := u.reports.Sessions(ctx, report.SessionQuery{From: at, To: at.Add(time.Hour), Limit: pageOfSessions})
			if err != nil {
				return err
			}
			return ends(u.reports.NotCoveredOf(ctx, sessions))
		}},
		{"term-report", func(ctx context.Context, _ *rand.Rand) error {
			return ends(u.reports.TermModules(ctx, term))
		}},
	}
}

func (y *Year) anySession(r *rand.Rand) session {
	return session{r.IntN(len(terms)), r.IntN(slots), r.IntN(y.Weeks), r.IntN(y.groups)}
}

// asked asks a question over and over for a time, ten times at least.
func (u *university) asked(b *testing.B, q staffQuery, within time.Duration) (times sample.Times) {
	b.Helper()
	r := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same questions every time
	for began := time.Now(); time.Since(began) < within || len(times) < 10; {
		asked := time.Now()
		if err := q.ask(b.Context(), r); err != nil {
			b.Fatalf("%s: %v", q.name, err)
		}
		times = append(times, time.Since(asked))
	}
	return times
}

// rejudged notes a fact of one student after another and judges that student's year anew: all of it but the list of who is to be
// judged, and the clock.
func (u *university) rejudged(b *testing.B) (times sample.Times) {
	b.Helper()
	for n := range 200 {
		who := studentID(n * 7919 % u.year.Students)
		note := engagement.Noted{Student: who, Fact: engagement.Fact{Kind: engagement.Remark, At: Now, By: "tutor", Note: "came to see me"}}
		if err := u.store.AddFacts(b.Context(), []engagement.Noted{note}, nil, Now); err != nil {
			b.Fatal(err)
		}
		waiting, err := u.store.Judgements().Dirty(b.Context(), 1)
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := u.judge.Judge(b.Context(), waiting); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
	}
	return times
}

// intake is batches of new taps of the last hour, one gateway after another.
type intake struct {
	u      *university
	door   *ingest.Intake
	next   []uint64
	random *rand.Rand
}

func (u *university) newIntake(b *testing.B) *intake {
	b.Helper()
	i := &intake{
		u: u, random: rand.New(rand.NewPCG(5, 6)), //nolint:gosec // the same taps every time
		door: ingest.New(ingest.Options{Store: u.store, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: now}),
	}
	for _, taps := range u.year.tapsByBuilding() {
		i.next = append(i.next, uint64(taps)+1)
	}
	return i
}

// send delivers a full batch of a gateway and waits for its receipt.
func (i *intake) send(ctx context.Context, n int) error {
	building := n % len(i.next)
	batch := contract.Batch{Version: contract.BatchVersion, Stream: streamID(building), First: i.next[building]}
	for k := range uint64(contract.MaxBatchRecords) {
		record := contract.Record{
			ID:    contract.TapID{Stream: batch.Stream, Seq: batch.First + k},
			Stamp: contract.Stamp{At: Now.Add(-time.Duration(i.random.IntN(3600)) * time.Second), Quality: contract.Synchronised, Within: 10 * time.Millisecond},
			Tap: &contract.Tap{
				Point: pointID(building), Digest: Card(i.random.IntN(i.u.year.Students)), Evidence: contract.EvidenceCard, Outcome: contract.Refused,
				Reason: contract.WindowClosed, Timetable: 42,
			},
		}
		octets, err := contract.AppendRecord(nil, record)
		if err != nil {
			return err
		}
		batch.Records = append(batch.Records, octets)
	}
	if _, err := i.door.Ingest(ctx, "gw-"+buildingID(building), batch); err != nil {
		return fmt.Errorf("ingest: %w", err)
	}
	i.next[building] += contract.MaxBatchRecords
	return nil
}

// rate is how many records a second are durable, batch after batch.
func (i *intake) rate(b *testing.B, within time.Duration) float64 {
	b.Helper()
	began, batches := time.Now(), 0
	for ; time.Since(began) < within; batches++ {
		if err := i.send(b.Context(), batches); err != nil {
			b.Fatal(err)
		}
	}
	return float64(batches*contract.MaxBatchRecords) / time.Since(began).Seconds()
}

// work takes in a batch twenty times a second and judges whom it concerns, until stop, which says how many records a second it was:
// more than a hundred times what comes at nine in the morning.
func (u *university) work(b *testing.B, i *intake) (stop func() float64) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 2)
	var batches atomic.Int64
	began := time.Now()
	go func() {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			<-tick.C
			if err := i.send(ctx, n); err != nil && ctx.Err() == nil {
				done <- err
				return
			}
			batches.Add(1)
		}
		done <- nil
	}()
	go func() { done <- u.judge.Run(ctx) }()
	return func() float64 {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		}
		return float64(batches.Load()*contract.MaxBatchRecords) / time.Since(began).Seconds()
	}
}
