package writer

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/clock"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

func open(t *testing.T, dir string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: dir, SegmentBytes: 64 << 10, ReserveBytes: -1, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func tap(n byte) contract.Record {
	return contract.Record{Stamp: contract.Stamp{At: time.Unix(int64(n), 0).UTC(), Quality: contract.NeverSet}, Tap: &contract.Tap{
		Point: "p", Digest: contract.Digest{n}, Evidence: contract.EvidenceCard, Outcome: contract.Refused, Reason: contract.UnknownCard,
	}}
}

// What this run wrote goes on in the new stream, from the number on that others know otherwise; what an earlier run wrote does not, nor do
// heartbeats.
func TestRestreamCarriesTheTapsOfThisRunOver(t *testing.T) {
	for _, tt := range []struct {
		name string
		from uint64
		want []byte
	}{
		{"all of this run", 0, []byte{2, 3}},
		{"what an earlier run wrote stays", 1, []byte{2, 3}},
		{"from a number on", 4, []byte{3}},
		{"nothing", 9, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			j := open(t, dir)
			keep(t, New(j), tap(1))
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			j = open(t, dir)
			defer j.Close()
			w, was := New(j), j.Stream()
			beat := contract.Record{Stamp: tap(9).Stamp, Heartbeat: &contract.Heartbeat{Since: time.Unix(8, 0).UTC()}}
			for _, r := range []contract.Record{tap(2), beat, tap(3)} {
				keep(t, w, r)
			}
			r, err := w.Restream("test", tt.from)
			if err != nil || r.Was != was || r.Taps != len(tt.want) || r.Kept == "" || j.Stream() == was {
				t.Errorf("Restream = %+v, %v; the stream was %s and is %s", r, err, was, j.Stream())
			}
			var got []byte
			for seq := uint64(1); seq <= j.Durable(); seq++ {
				records, err := w.Read(seq, 1)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, records[0].Tap.Digest[0])
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("carried over (-got +want):\n%s", diff)
			}
		})
	}
}

func keep(t *testing.T, w *Writer, r contract.Record) {
	t.Helper()
	if _, err := w.Append(r); err != nil {
		t.Fatal(err)
	}
}

func TestHeartbeatsGoByTheTimetable(t *testing.T) {
	now, shut := time.Unix(1_790_000_000, 0), time.Unix(1_790_000_090, 0)
	h := Heartbeats{Shut: func(last time.Time) (time.Time, bool) { return shut, last.Before(shut) }}
	for _, tt := range []struct{ last, want time.Time }{
		{now, now.Add(time.Minute)},
		{now.Add(time.Minute), shut},
		{shut, shut.Add(time.Minute)},
	} {
		if got := h.next(tt.last); !got.Equal(tt.want) {
			t.Errorf("after %v: %v, want %v", tt.last, got, tt.want)
		}
	}
	h = Heartbeats{Every: time.Hour}
	if got := h.next(now); !got.Equal(now.Add(time.Hour)) {
		t.Errorf("of another pace: %v", got)
	}
}

// still is a kernel whose clock is right.
type still struct{ booted time.Time }

func (still) Wall() time.Time                          { return time.Now() }
func (still) Ago(at time.Time) time.Duration           { return time.Since(at) }
func (k still) Uptime() time.Duration                  { return time.Since(k.booted) }
func (still) Discipline() (bool, time.Duration, error) { return true, 0, nil }

// Together heartbeats speak of all the time, one that could not be kept included.
func TestHeartbeatsTouch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := clock.Open(clock.Options{Kernel: still{time.Now()}, Boot: contract.Boot{1}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		began, calls := time.Now(), 0
		var kept []contract.Record
		h := Heartbeats{Clock: c, Log: slog.New(slog.DiscardHandler),
			Heard: func(context.Context, time.Time, time.Time) map[string]bool {
				return map[string]bool{"b": true, "a": false}
			},
			Append: func(r contract.Record) (contract.TapID, error) {
				if calls++; calls == 3 {
					return contract.TapID{}, journal.ErrFailed
				}
				kept = append(kept, r)
				return contract.TapID{}, nil
			},
		}
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute+30*time.Second)
		defer stop()
		if err := h.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(kept) != 5 { // after 3 s, and every minute but one
			t.Fatalf("%d heartbeats", len(kept))
		}
		for _, r := range kept {
			if !r.Heartbeat.Since.Equal(began) {
				t.Errorf("a heartbeat begins at %v, the one before ended at %v", r.Heartbeat.Since, began)
			}
			if diff := cmp.Diff(r.Heartbeat.Points, []contract.PointState{{Point: "a"}, {Point: "b", Up: true}}); diff != "" {
				t.Errorf("points (-got +want):\n%s", diff)
			}
			began = r.Stamp.At
		}
	})
}

// The shipper does not run while a new stream is begun, and runs again afterwards.
func TestShippingStopsForANewStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		running, runs := false, 0
		var disowned atomic.Bool
		disowned.Store(true)
		broken := errors.New("disk")
		s := Shipping{Every: time.Second,
			Ship:     func(ctx context.Context) { running, runs = true, runs+1; <-ctx.Done(); running = false },
			Disowned: func() (string, uint64, bool) { return "twin", 7, disowned.Load() },
			Restream: func(reason string, from uint64) error {
				if running || reason != "twin" || from != 7 {
					t.Errorf("Restream(%q, %d) while the shipper runs: %v", reason, from, running)
				}
				if runs == 2 {
					return broken
				}
				disowned.Store(false)
				return nil
			},
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if !running || runs != 2 {
			t.Errorf("after a new stream the shipper runs: %v, for the %d. time", running, runs)
		}
		disowned.Store(true)
		if err := <-ended; !errors.Is(err, broken) {
			t.Errorf("Run = %v, want what Restream said", err)
		}
		stop()
	})
}
