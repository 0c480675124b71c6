package console

import (
	"sync"
	"time"
)

// remembered is how many taps a technician can look back.
const remembered = 100

// Tap is what a technician sees of one tap.
type Tap struct {
	At      time.Time `json:"at"`
	Seq     uint64    `json:"seq"`  // its number in the journal
	Card    string    `json:"card"` // first digits of its digest, or what it was instead of a card
	Point   string    `json:"point"`
	Result  string    `json:"result"`
	Session string    `json:"session"`
}

// Taps remembers the last taps, and tells whoever follows them of each new one. Safe from any goroutine.
type Taps struct {
	mu      sync.Mutex // guards everything that follows
	last    [remembered]Tap
	count   int           // of all that were added
	changed chan struct{} // closed when the next one is
}

// NewTaps remembers none yet.
func NewTaps() *Taps { return &Taps{changed: make(chan struct{})} }

// Add remembers a tap in place of the oldest. It waits for nobody.
func (t *Taps) Add(tap Tap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last[t.count%remembered] = tap
	t.count++
	close(t.changed)
	t.changed = make(chan struct{})
}

// after lists what is remembered of the taps after the first seen ones, oldest first, how many there were in all, and what
// is closed when there is one more.
func (t *Taps) after(seen int) (taps []Tap, count int, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := max(seen, t.count-remembered); i < t.count; i++ {
		taps = append(taps, t.last[i%remembered])
	}
	return taps, t.count, t.changed
}
