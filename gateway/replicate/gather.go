package replicate

import (
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	holdWithin = 5 * time.Millisecond // a command waits so long for those that came along with it before
	patience   = 2                    // times in a row that a stream is waited for in vain
)

// ticket is a command that waits until it is applied.
type ticket struct {
	command command
	encoded []byte
	done    chan struct{} // closed when the next two are there
	answer  answer
	err     error
}

// gatherer is where the commands of all gateways meet on the leader. One departure is under way at a time; those that come
// meanwhile leave together, and share an entry of Raft's log with its flushes. The shippers of gateways whose clocks agree
// send at the same moment, so whose commands came within one departure are waited for the next time, for a moment. Nobody
// waits for a stream that came alone.
type gatherer struct {
	send func(commands [][]byte) []result // commits commands and waits until they are applied here; a result for each

	mu      sync.Mutex // guards everything that follows
	waiting []*ticket
	running bool
	came    chan struct{}           // has room for one: a command came
	company map[contract.Stream]int // whose records came together: how often in a row they were waited for in vain since
}

// result is what became of one command.
type result struct {
	answer answer
	err    error
}

func newGatherer(send func([][]byte) []result) *gatherer {
	return &gatherer{send: send, came: make(chan struct{}, 1), company: map[contract.Stream]int{}}
}

// add takes a command along.
func (g *gatherer) add(t *ticket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, t)
	select {
	case g.came <- struct{}{}:
	default:
	}
	if !g.running {
		g.running = true
		go g.run()
	}
}

// run lets departures leave until nobody waits.
func (g *gatherer) run() {
	for {
		g.hold()
		left := g.depart()
		commands := make([][]byte, len(left))
		for i, t := range left {
			commands[i] = t.encoded
		}
		for i, r := range g.send(commands) {
			left[i].answer, left[i].err = r.answer, r.err
			close(left[i].done)
		}
		if !g.landed(left) {
			return
		}
	}
}

// hold waits for the company of who waits, holdWithin at most.
func (g *gatherer) hold() {
	if g.complete() {
		return
	}
	t := time.NewTimer(holdWithin)
	defer t.Stop()
	for !g.complete() {
		select {
		case <-g.came:
		case <-t.C:
			return
		}
	}
}

func (g *gatherer) complete() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	here := streamsOf(g.waiting)
	for s := range g.company {
		if !here[s] {
			return false
		}
	}
	return true
}

// depart takes all who wait, and notes who was waited for in vain.
func (g *gatherer) depart() []*ticket {
	g.mu.Lock()
	defer g.mu.Unlock()
	left := g.waiting
	g.waiting = nil
	here := streamsOf(left)
	for s, vain := range g.company {
		if here[s] {
			continue
		}
		if g.company[s] = vain + 1; vain+1 >= patience {
			delete(g.company, s)
		}
	}
	return left
}

// landed notes who came together, and reports whether somebody waits.
func (g *gatherer) landed(left []*ticket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	together := streamsOf(left, g.waiting)
	if len(together) > 1 {
		for s := range together {
			g.company[s] = 0
		}
	}
	g.running = len(g.waiting) > 0
	return g.running
}

// streamsOf are those whose records are brought. Other commands come seldom, and leave with whoever leaves next.
func streamsOf(groups ...[]*ticket) map[contract.Stream]bool {
	streams := map[contract.Stream]bool{}
	for _, tickets := range groups {
		for _, t := range tickets {
			if t.command.kind == kindShip {
				streams[t.command.stream] = true
			}
		}
	}
	return streams
}
