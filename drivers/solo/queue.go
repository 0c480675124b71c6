package solo

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/failpoint"
)

// answerWithin is how long a card can be told from others by its answer: a light that comes later is not measured.
const answerWithin = 10 * time.Second

// queue holds the cards on their way to the gateway, so that whoever talks to the reader never waits.
type queue struct {
	room  int // cards that make it full
	now   func() time.Time
	waits *tally
	wake  chan<- struct{} // of the talk: there is room again
	more  chan struct{}   // holds one token when cards has grown

	mu     sync.Mutex // guards everything that follows
	cards  []drivers.Read
	fullAt time.Time     // while it is full
	missed time.Duration // for which it was full since the last look
	unlit  []time.Time   // arrivals of the cards that were offered and not answered yet, in order
}

func newQueue(o Options, waits *tally, wake chan<- struct{}) *queue {
	q := &queue{room: pushedRoom, now: o.Now, waits: waits, wake: wake, more: make(chan struct{}, 1)}
	if o.Polled {
		q.room = polledRoom
	}
	return q
}

// put takes a card, even beyond the room: what a full queue holds is bounded by one chunk of the line.
func (q *queue) put(r drivers.Read) {
	q.mu.Lock()
	q.cards = append(q.cards, r)
	if len(q.cards) == q.room {
		q.fullAt = q.now()
	}
	q.mu.Unlock()
	poke(q.more)
}

func (q *queue) full() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.cards) >= q.room
}

// unwatched is the time, since it was last asked for, in which the queue was full and nobody looked at the reader.
func (q *queue) unwatched() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := q.missed
	q.missed = 0
	return d
}

// carry passes the cards on in order until ctx ends; what it holds then was never answered by a light, and is dropped.
func (q *queue) carry(ctx context.Context, reads chan<- drivers.Read) {
	defer q.clear()
	for {
		r, ok := q.offer()
		switch {
		case !ok:
			select {
			case <-q.more:
			case <-ctx.Done():
				return
			}
		case q.pass(ctx, r, reads):
			q.taken()
		default:
			return
		}
	}
}

// offer is the first card, whose answer is awaited from now on.
func (q *queue) offer() (r drivers.Read, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.cards) == 0 {
		return drivers.Read{}, false
	}
	q.unlit = append(q.unlit, q.cards[0].HeardAt)
	q.forgetLocked()
	return q.cards[0], true
}

// pass waits until the gateway takes r; false when ctx ended first.
func (q *queue) pass(ctx context.Context, r drivers.Read, reads chan<- drivers.Read) bool {
	failpoint.Hit(failpoint.DriverRead)
	select {
	case reads <- r:
		return true
	default:
		q.waits.add(1)
	}
	select {
	case reads <- r:
		return true
	case <-ctx.Done():
		return false
	}
}

func (q *queue) taken() {
	q.mu.Lock()
	full := len(q.cards) >= q.room
	q.cards = q.cards[1:]
	if full && len(q.cards) < q.room {
		q.missed += q.now().Sub(q.fullAt)
		poke(q.wake)
	}
	q.mu.Unlock()
}

// answered is when the card arrived that a light is for, or zero when none waits for one.
func (q *queue) answered() (at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forgetLocked()
	if len(q.unlit) > 0 {
		at, q.unlit = q.unlit[0], q.unlit[1:]
	}
	return at
}

// forgetLocked drops the cards that will not be answered any more.
func (q *queue) forgetLocked() {
	for len(q.unlit) > 0 && q.now().Sub(q.unlit[0]) > answerWithin {
		q.unlit = q.unlit[1:]
	}
}

func (q *queue) clear() {
	q.mu.Lock()
	q.cards, q.unlit = nil, nil
	q.mu.Unlock()
}

// poke leaves a token for the one who waits, unless one is there.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
