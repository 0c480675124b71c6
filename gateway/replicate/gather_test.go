package replicate

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// flight is how long a departure takes here: some flushes of a card.
const flight = 40 * time.Millisecond

// terminal is a gatherer in fake time whose departures take a flight, and are written down.
type terminal struct {
	*gatherer

	mu         sync.Mutex // guards everything that follows
	departures [][]string // streams of each, and "" for commands without records, in order of their names
}

func newTerminal() *terminal {
	l := &terminal{}
	l.gatherer = newGatherer(func(commands [][]byte) []result {
		var streams []string
		for _, raw := range commands {
			c, _ := decodeCommand(raw)
			name := ""
			if c.kind == kindShip {
				name = string('a' + rune(c.stream[0]))
			}
			streams = append(streams, name)
		}
		slices.Sort(streams)
		l.mu.Lock()
		l.departures = append(l.departures, streams)
		l.mu.Unlock()
		time.Sleep(flight)
		return make([]result, len(commands))
	})
	return l
}

// left are the departures so far.
func (l *terminal) left() [][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.departures)
}

// bring is one command of a stream, and tells how long it took.
func (l *terminal) bring(c command) time.Duration {
	began := time.Now()
	t := &ticket{command: c, encoded: c.encode(), done: make(chan struct{})}
	l.add(t)
	<-t.done
	return time.Since(began)
}

// shipAt has a stream bring a command at each of the times, counted from now, in the background.
func (l *terminal) shipAt(name byte, times ...time.Duration) {
	c := command{kind: kindShip, stream: contract.Stream{name - 'a', 1}, seq: 1, records: [][]byte{{1}}}
	for _, at := range times {
		go func() {
			time.Sleep(at)
			l.bring(c)
		}()
	}
}

func ticks(from time.Duration, n int) (times []time.Duration) {
	for i := range n {
		times = append(times, from+time.Duration(i)*100*time.Millisecond)
	}
	return times
}

// Streams that ship at the same moments share departures from the second one on, whoever of them comes first.
func TestStreamsThatComeTogetherShareADeparture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTerminal()
		l.shipAt('a', 0, 103*time.Millisecond, 200*time.Millisecond, 304*time.Millisecond)
		l.shipAt('b', 1*time.Millisecond, 100*time.Millisecond, 204*time.Millisecond, 300*time.Millisecond)
		l.shipAt('c', 2*time.Millisecond, 102*time.Millisecond, 203*time.Millisecond, 302*time.Millisecond)
		time.Sleep(time.Second)
		want := [][]string{{"a"}, {"b", "c"}, {"a", "b", "c"}, {"a", "b", "c"}, {"a", "b", "c"}}
		if diff := cmp.Diff(l.left(), want); diff != "" {
			t.Errorf("departures (-got +want):\n%s", diff)
		}
	})
}

// A stream that always comes alone waits for nobody, and nor do those that never come near each other.
func TestNobodyWaitsForStreamsThatComeAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTerminal()
		ship := command{kind: kindShip, stream: streamA, seq: 1, records: [][]byte{{1}}}
		for range 5 {
			l.shipAt('b', flight+time.Millisecond)
			if took := l.bring(ship); took != flight {
				t.Fatalf("it took %v, want a flight", took)
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// A stream that falls silent is waited for twice, for a moment each time.
func TestWhoFallsSilentIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTerminal()
		l.shipAt('b', ticks(1*time.Millisecond, 3)...)
		ship := command{kind: kindShip, stream: contract.Stream{0, 1}, seq: 1, records: [][]byte{{1}}}
		var took []time.Duration
		for range 8 {
			began := time.Now()
			took = append(took, l.bring(ship))
			time.Sleep(time.Until(began.Add(100 * time.Millisecond)))
		}
		// The first leaves alone, b while it is under way; b is there a millisecond later then, and later never.
		want := []time.Duration{0, 1, 1, 5, 5, 0, 0, 0}
		for i := range want {
			want[i] = want[i]*time.Millisecond + flight
		}
		if diff := cmp.Diff(took, want); diff != "" {
			t.Errorf("took (-got +want):\n%s", diff)
		}
	})
}

// Commands without records go along and are waited for by nobody.
func TestAcknowledgementsGoAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newTerminal()
		l.shipAt('a', ticks(0, 3)...)
		l.shipAt('b', ticks(2*time.Millisecond, 3)...)
		go func() {
			time.Sleep(101 * time.Millisecond)
			l.bring(ackOf(streamA, 1))
		}()
		time.Sleep(time.Second)
		want := [][]string{{"a"}, {"b"}, {"", "a", "b"}, {"a", "b"}}
		if diff := cmp.Diff(l.left(), want); diff != "" {
			t.Errorf("departures (-got +want):\n%s", diff)
		}
	})
}
