package solo

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// carried starts a queue in a synctest bubble; the returned function stops it.
func carried(o Options, reads chan drivers.Read) (q *queue, waits *tally, wake chan struct{}, stop func()) {
	waits, wake = &tally{}, make(chan struct{}, 1)
	o.Now = time.Now
	q = newQueue(o, waits, wake)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		q.carry(ctx, reads)
	}()
	return q, waits, wake, func() {
		cancel()
		<-done
	}
}

func TestPolledReaderIsNotAskedWhileItsCardWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := make(chan drivers.Read)
		q, waits, wake, stop := carried(Options{Polled: true}, reads)
		defer stop()
		if q.full() {
			t.Fatal("full without a card")
		}
		q.put(drivers.Read{Credential: "a"})
		synctest.Wait()
		if !q.full() || waits.value() != 1 {
			t.Fatalf("full = %v, %d waits; want full, 1", q.full(), waits.value())
		}
		time.Sleep(time.Minute)
		<-reads
		<-wake
		if q.full() {
			t.Error("still full when the card was taken")
		}
		if got := q.unwatched(); got != time.Minute {
			t.Errorf("unwatched = %v, want the minute", got)
		}
		if got := q.unwatched(); got != 0 {
			t.Errorf("unwatched = %v the second time, want 0", got)
		}
	})
}

func TestCardIsTakenAtOnceWithoutWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := make(chan drivers.Read)
		q, waits, _, stop := carried(Options{Polled: true}, reads)
		defer stop()
		got := make(chan drivers.Read, 1)
		go func() { got <- <-reads }()
		synctest.Wait()
		q.put(drivers.Read{Credential: "a"})
		<-got
		synctest.Wait()
		if waits.value() != 0 || q.full() {
			t.Errorf("%d waits, full = %v; want none, not full", waits.value(), q.full())
		}
	})
}

// A chunk may hold more cards than there is room for: they all wait, and arrive in order.
func TestPushedCardsWaitInOrder(t *testing.T) {
	const cards = 3 * pushedRoom
	synctest.Test(t, func(t *testing.T) {
		reads := make(chan drivers.Read)
		q, _, wake, stop := carried(Options{}, reads)
		defer stop()
		for i := range cards {
			if full := q.full(); full != (i >= pushedRoom) {
				t.Errorf("full = %v with %d cards", full, i)
			}
			q.put(drivers.Read{Credential: strconv.Itoa(i)})
		}
		for i := range cards {
			if got := (<-reads).Credential; got != strconv.Itoa(i) {
				t.Fatalf("card %d is %s", i, got)
			}
		}
		<-wake
	})
}

func TestEachLightIsForItsCard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := make(chan drivers.Read)
		q, _, _, stop := carried(Options{}, reads)
		defer stop()
		first := time.Now()
		q.put(drivers.Read{HeardAt: first})
		<-reads
		time.Sleep(time.Second)
		second := time.Now()
		q.put(drivers.Read{HeardAt: second})
		synctest.Wait() // it is on offer before the first is answered
		if got := q.answered(); got != first {
			t.Errorf("the first light is for the card of %v, want %v", got, first)
		}
		<-reads
		if got := q.answered(); got != second {
			t.Errorf("the second light is for the card of %v, want %v", got, second)
		}
		if got := q.answered(); !got.IsZero() {
			t.Errorf("a light without a card is for that of %v", got)
		}
		q.put(drivers.Read{HeardAt: time.Now()})
		<-reads
		time.Sleep(answerWithin + time.Second)
		if got := q.answered(); !got.IsZero() {
			t.Errorf("a light long after is for the card of %v", got)
		}
	})
}

func TestNothingIsLeftForTheNextRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, _, _, stop := carried(Options{Polled: true}, make(chan drivers.Read))
		q.put(drivers.Read{Credential: "a"})
		synctest.Wait()
		stop()
		if q.full() || !q.answered().IsZero() {
			t.Error("a card waits that nobody will answer")
		}
	})
}
