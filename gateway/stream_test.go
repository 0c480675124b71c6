package gateway

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
	"github.com/rollcall-edge/rollcall/gateway/writer"
)

func enrolledSite(t *testing.T, m *model, r *reader) *config.Gateway {
	t.Helper()
	c := site(t, m, r)
	if _, _, err := Enrol(t.Context(), c, m.invitation(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return c
}

// stopped is a gateway whose parts are made and do not run.
func stopped(t *testing.T, c *config.Gateway) *Gateway {
	t.Helper()
	g, err := New(c, Options{Version: "test", oneDisk: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// A tap of a different card each time, so that records differ.
func strangerTap(t *testing.T, g *Gateway, n int) {
	t.Helper()
	if got := g.Tap(t.Context(), drivers.Read{Reader: "lib/door", Credential: fmt.Sprint("uid:", n), HeardAt: time.Now()}); got != drivers.Stored {
		t.Errorf("Tap = %v, want %v", got, drivers.Stored)
	}
}

// The disk is an old image: central holds more of its stream. Taps of this run go on in a new one, none lost or doubled.
func TestOldImageIsCarriedOver(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := enrolledSite(t, m, r)

	old := stopped(t, c)
	strangerTap(t, old, 1)
	strangerTap(t, old, 2)
	stream := old.journal.Stream()
	for seq := range uint64(2) { // an earlier run had delivered both
		records, err := old.journal.Read(seq+1, 1, contract.MaxRecord)
		if err != nil {
			t.Fatal(err)
		}
		m.records[stream] = append(m.records[stream], records[0])
	}
	// A clone of the disk went on and delivered a third.
	other, err := contract.AppendRecord(nil, contract.Record{ID: contract.TapID{Stream: stream, Seq: 3}, Stamp: old.clock.Stamp(time.Now()), Heartbeat: &contract.Heartbeat{Since: time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	m.records[stream] = append(m.records[stream], other)
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	old.journal, old.cluster = nil, nil // closed

	start(t, c)
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green)
	r.cards <- strangeCard // the same card again so soon would be one tap
	r.awaitFlash(t, red)
	taps := m.awaitTaps(t, 4)
	byStream := map[bool]int{}
	var outcomes []contract.Outcome
	for _, tap := range taps {
		byStream[tap.ID.Stream == stream]++
		if tap.ID.Stream != stream {
			outcomes = append(outcomes, tap.Tap.Outcome)
		}
	}
	if byStream[true] != 2 || byStream[false] != 2 {
		t.Errorf("taps at central: %d in the old stream, %d in the new, want 2 and 2", byStream[true], byStream[false])
	}
	if diff := cmp.Diff(outcomes, []contract.Outcome{contract.Accepted, contract.Refused}); diff != "" {
		t.Errorf("outcomes (-got +want):\n%s", diff)
	}
	until(t, "the page names the stream that ended", func() bool { // central may have the last tap a moment before
		_, body := fetch(t, "http://"+c.Status.Listen+"/")
		return strings.Contains(body, stream.String()+" ended")
	})
}

func TestRestreamIsBounded(t *testing.T) {
	m, r := newModel(t), newReader(t)
	g := stopped(t, enrolledSite(t, m, r))
	first := g.journal.Stream()
	if err := g.restream("test", 0); err != nil {
		t.Fatal(err)
	}
	second := g.journal.Stream()
	if first == second {
		t.Error("no new stream was begun")
	}
	if err := g.restream("test", 0); !errors.Is(err, writer.ErrRestreamed) {
		t.Errorf("second restream within an hour = %v, want %v", err, writer.ErrRestreamed)
	}
	if g.journal.Stream() != second {
		t.Error("another stream was begun")
	}
}

// What a gateway knew before a restart comes back from its journal, however much of it is not of the last day.
func TestRecall(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := enrolledSite(t, m, r)
	g := stopped(t, c)
	old, recent := time.Now().Add(-25*time.Hour), time.Now().Add(-time.Hour)
	var digest contract.Digest
	tap := func(at time.Time, n int) {
		binary.BigEndian.PutUint32(digest[:], uint32(n))
		if _, err := g.writer.Append(contract.Record{Stamp: contract.Stamp{At: at, Quality: contract.Synchronised},
			Tap: &contract.Tap{Point: "lib/door", Digest: digest, Evidence: contract.EvidenceCard, Outcome: contract.Accepted, Session: "s"}}); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 1100 {
		tap(old, n)
	}
	for n := range 700 {
		tap(recent, 2000+n)
	}
	from, err := dayBefore(g.writer, g.journal.Durable())
	if err != nil || from > 1101 || from < 1101-recallStep {
		t.Errorf("dayBefore = %d, %v, want at most %d records before 1101", from, err, recallStep)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	g.journal, g.cluster = nil, nil
	again := stopped(t, c)
	if got := again.credited.Len(); got != 700 {
		t.Errorf("%d credits after the restart, want 700", got)
	}
	if got := again.identity.Now(); got.Before(recent) {
		t.Errorf("time for certificates = %v, want at least %v", got, recent)
	}
}

// A heartbeat says which points heard everything, its interval begins where the last one ended, and every tap heard
// before its moment has a smaller number.
func TestHeartbeat(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	run := start(t, enrolledSite(t, m, r))
	g := run.gateway
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green) // it has been up since before that
	beats := g.heartbeats()
	since := beats.Moment()
	r.cards <- strangeCard
	r.awaitFlash(t, red)
	at := beats.Moment()
	if err := beats.Keep(t.Context(), since, at); err != nil {
		t.Fatal(err)
	}
	later := beats.Moment()
	if err := beats.Keep(t.Context(), at, later); err != nil {
		t.Fatal(err)
	}
	var kept []contract.Record
	tapAt := uint64(0)
	for seq := uint64(1); seq <= g.journal.Durable(); seq++ {
		records, err := g.writer.Read(seq, 1)
		if err != nil {
			t.Fatal(err)
		}
		if h := records[0].Heartbeat; h != nil && !h.Since.Before(since.Stamp.At) { // the gateway writes its own as well
			kept = append(kept, records[0])
		}
		if records[0].Tap != nil {
			tapAt = seq
		}
	}
	if len(kept) != 2 || tapAt == 0 || kept[0].ID.Seq < tapAt {
		t.Fatalf("%d heartbeats, the first at %d after the tap at %d", len(kept), kept[0].ID.Seq, tapAt)
	}
	want := []contract.PointState{{Point: "lib/door", Up: true}}
	for i, moments := range [][2]writer.Moment{{since, at}, {at, later}} {
		b := kept[i]
		if diff := cmp.Diff(b.Heartbeat.Points, want); diff != "" {
			t.Errorf("heartbeat %d (-got +want):\n%s", i+1, diff)
		}
		if !b.Heartbeat.Since.Equal(moments[0].Stamp.At) || !b.Stamp.At.Equal(moments[1].Stamp.At) {
			t.Errorf("heartbeat %d speaks of %v to %v, want %v to %v", i+1, b.Heartbeat.Since, b.Stamp.At, moments[0].Stamp.At, moments[1].Stamp.At)
		}
	}
}

// A heartbeat follows right after the timetable's next register closes.
func TestNextShut(t *testing.T) {
	m, r := newModel(t), newReader(t)
	now := time.Now()
	m.publish(t, now) // its register closes 50 minutes from now
	g := stopped(t, enrolledSite(t, m, r))
	if got, ok := g.nextShut(now); ok {
		t.Errorf("without a timetable: %v", got)
	}
	if err := g.timetable.Install(m.timetable); err != nil {
		t.Fatal(err)
	}
	if got, ok := g.nextShut(now); !ok || !got.Equal(now.Add(50*time.Minute).Round(0).Add(time.Millisecond)) {
		t.Errorf("nextShut = %v, %v, want right after %v", got, ok, now.Add(50*time.Minute))
	}
}

// A gateway left the cluster, or died for ever, before central had its taps: whoever holds the copies delivers them.
func TestStreamOfAGatewayThatLeftReachesCentral(t *testing.T) {
	m, r := newModel(t), newReader(t)
	g := stopped(t, enrolledSite(t, m, r))
	gone := filledJournal(t, 1100)
	shipper := replicate.NewShipper(gone, g.cluster, replicate.ShipperOptions{Log: slog.New(slog.DiscardHandler)})
	shipping, stop := context.WithCancel(t.Context())
	shipped := make(chan error, 1)
	go func() { shipped <- shipper.Run(shipping) }()
	until(t, "the copies are here", func() bool {
		all := g.replicas()
		return len(all) == 1 && all[0].Replicated == gone.Durable()
	})
	stop()
	if err := <-shipped; err != nil {
		t.Fatal(err)
	}
	sweeper := &forward.Sweeper{Link: g.link, Cluster: replicas{g.cluster}, Own: g.journal.Stream, After: time.Millisecond, Every: time.Millisecond}
	sweeping, stop := context.WithCancel(t.Context())
	swept := make(chan error, 1)
	go func() { swept <- sweeper.Run(sweeping) }()
	until(t, "the cluster knows that central has them", func() bool { return g.replicas()[0].Acknowledged == gone.Durable() })
	stop()
	if err := <-swept; err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	written, err := gone.Read(1, int(gone.Durable()), 64<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(m.records[gone.Stream()], written) {
		t.Errorf("central holds %d records of the gateway that left, want the %d written", len(m.records[gone.Stream()]), len(written))
	}
}

// until looks now and then until something holds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	late := deadline(t)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-late:
			t.Fatalf("it never came to this: %s", what)
		case <-look.C:
		}
	}
}
