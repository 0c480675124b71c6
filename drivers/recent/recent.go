// Package recent keeps the last few hundred of a duration that is measured again and again, and says how they lie. It is
// for a person who looks at a page; what is watched over months is a metric.
package recent

import (
	"slices"
	"sync"
	"time"
)

// room is how many durations are remembered: some minutes of a bus at work.
const room = 256

// Window remembers the latest durations. The zero Window is empty. Safe for concurrent use.
type Window struct {
	mu   sync.Mutex // guards everything that follows
	last [room]time.Duration
	next int
}

// Summary is how the durations of a Window lie. Its zero value says that there were none.
type Summary struct {
	Median, P99 time.Duration // nearest rank
	Of          int           // durations it speaks of
}

// Add remembers d in place of the oldest.
func (w *Window) Add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last[w.next%room] = d
	w.next++
}

// Summary looks at what is remembered.
func (w *Window) Summary() Summary {
	w.mu.Lock()
	held := slices.Clone(w.last[:min(w.next, room)])
	w.mu.Unlock()
	if len(held) == 0 {
		return Summary{}
	}
	slices.Sort(held)
	return Summary{Median: rank(held, 50), P99: rank(held, 99), Of: len(held)}
}

// rank is the smallest value that percent of sorted do not exceed.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}
