package osdp

import (
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// asksRoom bounds the signals that wait for the bus loop; it empties the board in every step.
const asksRoom = 256

// board is where the bus loop and the rest of the gateway meet: signals in, statuses out.
type board struct {
	index map[string]int // reader to place, fixed
	wake  chan struct{}  // holds one token when asks is not empty

	mu     sync.Mutex // guards everything that follows
	asks   []ask
	states []drivers.Status
}

// ask is one call of Show.
type ask struct {
	reader int
	signal drivers.Signal
}

func newBoard(readers []Reader, now time.Time) *board {
	b := &board{index: map[string]int{}, wake: make(chan struct{}, 1)}
	for i, r := range readers {
		b.index[r.Name] = i
		b.states = append(b.states, newDevice(r, now).status())
	}
	return b
}

// ask leaves a signal for the loop. A steady signal replaces the one that waits, so the board never grows past its room
// by edges of registers; flashes beyond the room are lost.
func (b *board) ask(reader string, s drivers.Signal) {
	i, ok := b.index[reader]
	if !ok {
		return
	}
	b.mu.Lock()
	b.put(ask{i, s})
	if s.Steady() {
		b.states[i].Steady = s
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// put wants mu held.
func (b *board) put(a ask) {
	if a.signal.Steady() {
		for i := range b.asks {
			if b.asks[i].reader == a.reader && b.asks[i].signal.Steady() {
				b.asks[i].signal = a.signal
				return
			}
		}
	}
	if len(b.asks) < asksRoom || a.signal.Steady() {
		b.asks = append(b.asks, a)
	}
}

// take empties the board.
func (b *board) take() []ask {
	b.mu.Lock()
	defer b.mu.Unlock()
	asks := b.asks
	b.asks = nil
	return asks
}

// report replaces the status of one reader; the steady signal is what was asked for last.
func (b *board) report(reader int, s drivers.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Steady = b.states[reader].Steady
	b.states[reader] = s
}

func (b *board) statuses() []drivers.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]drivers.Status(nil), b.states...)
}
