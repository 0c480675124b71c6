package osdp

import (
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// asksRoom bounds the signals that wait for the bus loop; it empties the board in every step.
const asksRoom = 256

// board is where the bus loop and the rest of the gateway meet: signals and orders in, statuses out.
type board struct {
	index map[string]int // reader to place, fixed
	wake  chan struct{}  // holds one token when asks or orders is not empty
	over  chan struct{}  // closed when the loop has ended for good

	mu     sync.Mutex // guards everything that follows
	asks   []ask
	orders []*order
	states []drivers.Status
	tally  tally
}

// tally is what the conversation on the line came to since the start.
type tally struct{ exchanges, retries, noise uint64 }

// ask is one call of Show.
type ask struct {
	reader int
	signal drivers.Signal
}

func newBoard(readers []Reader, now time.Time) *board {
	b := &board{index: map[string]int{}, wake: make(chan struct{}, 1), over: make(chan struct{})}
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
	b.ring()
}

// order leaves a technician's wish for the loop. Each waits for its answer, so there are never many.
func (b *board) order(o *order) {
	b.mu.Lock()
	b.orders = append(b.orders, o)
	b.mu.Unlock()
	b.ring()
}

func (b *board) ring() {
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
func (b *board) take() ([]ask, []*order) {
	b.mu.Lock()
	defer b.mu.Unlock()
	asks, orders := b.asks, b.orders
	b.asks, b.orders = nil, nil
	return asks, orders
}

// report replaces the status of one reader, and the tally; the steady signal is what was asked for last.
func (b *board) report(reader int, s drivers.Status, t tally) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.Steady = b.states[reader].Steady
	b.states[reader], b.tally = s, t
}

func (b *board) tallied() tally {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tally
}

func (b *board) statuses() []drivers.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]drivers.Status(nil), b.states...)
}
