package fleet

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// closing is a store that has one checkpoint to be cosigned, of ten records, once a day has ended.
type closing struct {
	Store
	note  []byte
	first string // the day before which it has none
	err   error
	looks int
}

func (c *closing) ClosingCheckpoint(_ context.Context, _ contract.Stream, before string) ([]byte, error) {
	if c.looks++; before <= c.first {
		return nil, c.err
	}
	return c.note, c.err
}

func (c *closing) UnsignedEnd(context.Context, contract.Stream, time.Time) (end tree.Checkpoint, note []byte, err error) {
	return end, nil, nil
}

const reportEvery = 10 * time.Second

// neighbour reports every ten seconds that it holds so many records, until it is asked or the time is over, and tells how long that took.
func neighbour(f *Fleet, stream contract.Stream, held uint64, most time.Duration) (after time.Duration, asked bool) {
	began := time.Now()
	for time.Since(began) < most {
		if notes := f.toCosign(context.Background(), "gw-b", []contract.StreamState{{Stream: stream, Durable: held}}); len(notes) > 0 {
			return time.Since(began), true
		}
		time.Sleep(reportEvery)
	}
	return most, false
}

// cosigning runs f with a central whose store has a checkpoint to be cosigned.
func cosigning(t *testing.T, f func(t *testing.T, fleet *Fleet, store *closing, stream contract.Stream)) {
	synctest.Test(t, func(t *testing.T) {
		stream := contract.Stream{1}
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		note, err := tree.Checkpoint{Gateway: "gw-a", Stream: stream, Size: 10}.Sign(key)
		if err != nil {
			t.Fatal(err)
		}
		store := &closing{note: note}
		f(t, New(Options{Store: store, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: time.Now}), store, stream)
	})
}

// A question whose answer was lost is asked again soon; while every answer is lost, for hours, less and less often, but never so seldom that
// the whole network would wait long for it.
func TestCosignatureIsAskedForAgainSoon(t *testing.T) {
	cosigning(t, func(t *testing.T, f *Fleet, store *closing, stream contract.Stream) {
		if after, asked := neighbour(f, stream, 10, time.Minute); !asked || after != 0 {
			t.Errorf("asked: %v, after %v; want at once", asked, after)
		}
		if after, asked := neighbour(f, stream, 10, time.Minute); !asked || after > 2*reportEvery {
			t.Errorf("asked again: %v, after %v; want with one of the next reports", asked, after)
		}
		for began := time.Now(); time.Since(began) < 3*time.Hour; {
			if _, asked := neighbour(f, stream, 10, askMost+reportEvery); !asked {
				t.Fatalf("not asked in %v, three hours after it all began", askMost+reportEvery)
			}
		}
		if most := 60; store.looks > most {
			t.Errorf("looked %d times in three hours, want at most %d", store.looks, most)
		}
	})
}

// A copy that is not there yet is asked for soon after it is.
func TestCosignatureWaitsForTheCopy(t *testing.T) {
	cosigning(t, func(t *testing.T, f *Fleet, _ *closing, stream contract.Stream) {
		if _, asked := neighbour(f, stream, 9, 4*time.Hour); asked {
			t.Error("asked to cosign more than its copy holds")
		}
		if after, asked := neighbour(f, stream, 10, time.Hour); !asked || after > askMost+reportEvery {
			t.Errorf("asked: %v, after %v; want within %v of the copy", asked, after, askMost)
		}
	})
}

// With nothing to cosign the store is left alone, until another day has ended: then it is asked for at once.
func TestCosignatureOfANewDayIsAskedForAtOnce(t *testing.T) {
	cosigning(t, func(t *testing.T, f *Fleet, store *closing, stream contract.Stream) {
		store.first = time.Now().UTC().Format(time.DateOnly)
		midnight := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
		if _, asked := neighbour(f, stream, 10, time.Until(midnight)); asked {
			t.Error("asked before the day has ended")
		}
		if hours := 25; store.looks > hours {
			t.Errorf("looked %d times in a day without anything to cosign", store.looks)
		}
		if after, asked := neighbour(f, stream, 10, time.Hour); !asked || after > 0 {
			t.Errorf("asked: %v, after %v; want with the first report of the day", asked, after)
		}
	})
}

// A database that cannot be read is no reason to ask in a loop.
func TestCosignatureIsNotLookedForInALoop(t *testing.T) {
	cosigning(t, func(t *testing.T, f *Fleet, store *closing, stream contract.Stream) {
		store.err = errors.New("disk")
		neighbour(f, stream, 10, time.Hour)
		if store.looks > 2 {
			t.Errorf("looked %d times in an hour", store.looks)
		}
	})
}
