package backlog

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/seal"
)

var quiet = slog.New(slog.DiscardHandler)

func openJournal(b *testing.B) *journal.Journal {
	b.Helper()
	j, err := journal.Open(journal.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := j.Close(); err != nil {
			b.Error(err)
		}
	})
	return j
}

// fill records a week up to now: taps, and a heartbeat in every tenth record. Many write at once, so that they share flushes; the
// order does not matter.
func (g *gateway) fill(n int) {
	g.b.Helper()
	const writers, week = 128, 7 * 24 * time.Hour
	from := time.Now().Add(-week)
	var group errgroup.Group
	for w := range writers {
		group.Go(func() error {
			for i := w; i < n; i += writers {
				if _, err := g.journal.Append(g.recordOf(i, from.Add(time.Duration(i)*(week/time.Duration(n))))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		g.b.Fatal(err)
	}
}

// recordOf is what a gateway records: mostly taps, of one student after another.
func (g *gateway) recordOf(i int, at time.Time) contract.Record {
	r := contract.Record{Stamp: contract.Stamp{At: at.UTC().Round(0), Quality: contract.Synchronised, Within: 10 * time.Millisecond}}
	if i%10 == 9 {
		r.Heartbeat = &contract.Heartbeat{Since: r.Stamp.At.Add(-time.Minute), Points: []contract.PointState{{Point: point, Up: true}}}
		return r
	}
	r.Tap = &contract.Tap{Point: point, Digest: contract.DigestOf(g.campusKey, cardText(i%students)), Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "law", Timetable: 1}
	return r
}

// gateway is the part of one that brings its journal to central.
type gateway struct {
	b         *testing.B
	campusKey []byte
	journal   *journal.Journal
	forwarder *forward.Forwarder
	log       *receipts
}

// connect enrols a gateway for a journal.
func (s *service) connect(b *testing.B, j *journal.Journal) *gateway {
	b.Helper()
	invitation, err := s.Fleet.Invite(b.Context(), "north", building)
	if err != nil {
		b.Fatal(err)
	}
	url := "https://" + s.GatewayAddr().String()
	who, err := identity.Enrol(b.Context(), identity.Options{Dir: b.TempDir(), Log: quiet}, url, invitation)
	if err != nil {
		b.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: who.ClientTLS(), ForceAttemptHTTP2: true}
	b.Cleanup(transport.CloseIdleConnections)
	log := &receipts{central: &contract.Client{HTTP: &http.Client{Transport: transport}, Base: url}, at: map[uint64]arrival{}}
	f := forward.NewForwarder(forward.NewUplink(forward.Options{Central: log, Log: quiet}), j)
	f.Notary = seal.New(seal.Options{Journal: j, Gateway: who.Gateway(), Key: who.CheckpointKey, Log: quiet})
	return &gateway{b: b, campusKey: who.CampusKey(), journal: j, forwarder: f, log: log}
}

// run forwards until stop is called.
func (g *gateway) run(b *testing.B) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var group errgroup.Group
	group.Go(func() error { return g.forwarder.Run(ctx) })
	group.Go(func() error { return g.forwarder.RunAhead(ctx) })
	return func() {
		cancel()
		if err := group.Wait(); err != nil {
			b.Error(err)
		}
	}
}

// receipts is the way to central; it notes when each record was first there, by what central answered.
type receipts struct {
	central *contract.Client

	mu   sync.Mutex // guards everything that follows
	last uint64     // up to here in their order
	at   map[uint64]arrival
}

type arrival struct {
	at    time.Time
	ahead bool
}

// SendBatch implements forward.Central.
func (l *receipts) SendBatch(ctx context.Context, batch contract.Batch) (contract.Receipt, error) {
	r, err := l.central.SendBatch(ctx, batch)
	if err == nil {
		l.note(batch, r.Through, false)
	}
	return r, err
}

// SendAhead implements forward.Central.
func (l *receipts) SendAhead(ctx context.Context, batch contract.Batch) (contract.Receipt, error) {
	r, err := l.central.SendAhead(ctx, batch)
	if err == nil {
		l.note(batch, r.Through, true)
	}
	return r, err
}

func (l *receipts) note(batch contract.Batch, through uint64, ahead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = max(l.last, through)
	for i := range batch.Records {
		seq := batch.First + uint64(i)
		if _, ok := l.at[seq]; !ok {
			l.at[seq] = arrival{time.Now(), ahead}
		}
	}
}

// through is up to which number central holds the stream.
func (l *receipts) through() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
