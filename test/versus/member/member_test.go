package member

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitersAreWokenInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaiters()
		var woken atomic.Int64
		for seq := range uint64(10) {
			go func() {
				w.await(seq + 1)
				woken.Add(1)
			}()
		}
		for _, through := range []uint64{0, 3, 2, 9, 10} {
			w.reach(through)
			synctest.Wait()
			if got, want := woken.Load(), int64(w.through); got != want {
				t.Errorf("%d woken up to %d, want %d", got, through, want)
			}
		}
		w.await(4) // reached already
	})
}

func TestLoadAndPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func() error {
			time.Sleep(30 * time.Millisecond)
			return nil
		}
		times, err := LoadWith(5, 100*time.Millisecond, slow)
		if err != nil || len(times) != 5*4 || times.Quantile(1) != 30*time.Millisecond {
			t.Errorf("%d calls, slowest %v, %v, want 20 of 30 ms: four of each client begin within 100 ms", len(times), times.Quantile(1), err)
		}
		times, err = PaceWith(10*time.Millisecond, 100*time.Millisecond, slow)
		if err != nil || len(times) != 10 {
			t.Errorf("%d calls, %v, want 10", len(times), err)
		}
	})
}
