package member

import (
	"sync"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// waiters are those who wait for a number of the stream to be on a majority, each woken once.
type waiters struct {
	mu      sync.Mutex // guards everything that follows
	through uint64
	waiting map[uint64]chan struct{}
}

func newWaiters() *waiters { return &waiters{waiting: map[uint64]chan struct{}{}} }

// await returns when a number is reached. Each number has one who waits.
func (w *waiters) await(seq uint64) {
	w.mu.Lock()
	if w.through >= seq {
		w.mu.Unlock()
		return
	}
	reached := make(chan struct{})
	w.waiting[seq] = reached
	w.mu.Unlock()
	<-reached
}

// reach wakes everybody up to a number.
func (w *waiters) reach(through uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.through < through {
		w.through++
		if reached, ok := w.waiting[w.through]; ok {
			close(reached)
			delete(w.waiting, w.through)
		}
	}
}

// watched is a journal that tells when its shipper looks at it, which it does after every answer of the leader's.
type watched struct {
	*journal.Journal
	looked func()
}

// Changed implements replicate.Source.
func (w *watched) Changed() <-chan struct{} {
	w.looked()
	return w.Journal.Changed()
}
