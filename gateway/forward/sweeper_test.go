package forward

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// cell is a cluster of boxes: what each owner wrote is here as a copy, with the acknowledgement the cluster shares.
type cell struct {
	mu      sync.Mutex // guards everything that follows
	boxes   []*box
	leads   bool
	ackErr  error
	ackedBy map[contract.Stream]int
	seals   []uint64 // as they were told
}

func (c *cell) IsLeader() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leads
}

func (c *cell) Replicas() []Replica {
	var all []Replica
	for _, b := range c.boxes {
		all = append(all, Replica{Stream: b.Stream(), Replicated: b.Durable(), Acknowledged: b.Acknowledged()})
	}
	return all
}

func (c *cell) Read(s contract.Stream, first uint64, maxRecords, maxBytes int) ([][]byte, error) {
	return c.box(s).Read(first, maxRecords, maxBytes)
}

func (c *cell) Ack(_ context.Context, s contract.Stream, seq uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ackErr != nil {
		return c.ackErr
	}
	c.ackedBy[s]++
	return c.box(s).Acknowledge(seq)
}

func (c *cell) Seal(_ context.Context, _ contract.Stream, seq uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ackErr != nil {
		return c.ackErr
	}
	c.seals = append(c.seals, seq)
	return nil
}

func (c *cell) sealed() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.seals)
}

func (c *cell) box(s contract.Stream) *box {
	for _, b := range c.boxes {
		if b.Stream() == s {
			return b
		}
	}
	panic("unknown stream")
}

// ledger is central in memory: it keeps the greatest number of each stream and refuses gaps.
type ledger struct {
	mu      sync.Mutex // guards everything that follows
	through map[contract.Stream]uint64
	batches map[contract.Stream]int
	fork    contract.Stream
	err     error
}

func (l *ledger) SendBatch(_ context.Context, b contract.Batch) (contract.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batches[b.Stream]++
	switch {
	case l.err != nil:
		return contract.Receipt{}, l.err
	case b.Stream == l.fork:
		return contract.Receipt{}, &contract.Problem{Type: contract.ProblemFork, Status: 409}
	case b.First > l.through[b.Stream]+1:
		return contract.Receipt{}, &contract.Problem{Type: contract.ProblemGap, Status: 409, Expected: l.through[b.Stream] + 1}
	}
	l.through[b.Stream] = max(l.through[b.Stream], b.First+uint64(len(b.Records))-1)
	return contract.Receipt{Stream: b.Stream, Through: l.through[b.Stream]}, nil
}

// SendAhead is for tests of what goes in its order alone.
func (l *ledger) SendAhead(context.Context, contract.Batch) (contract.Receipt, error) {
	return contract.Receipt{}, errors.New("nothing is taken ahead")
}

func (l *ledger) sent(s contract.Stream) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.batches[s]
}

func (l *ledger) holds(s contract.Stream) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.through[s]
}

func (l *ledger) refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func (l *ledger) disown(s contract.Stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fork = s
}

func (c *cell) refuse(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ackErr = err
}

func (c *cell) acks(s contract.Stream) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ackedBy[s]
}

// sweeping runs a sweeper over a cluster of an own box and a foreign one with 700 records, inside a bubble of fake time.
func sweeping(t *testing.T, leads bool, test func(c *cell, l *ledger, own, foreign *box)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		own, foreign := newBox(5), newBox(700)
		c := &cell{boxes: []*box{own, foreign}, leads: leads, ackedBy: map[contract.Stream]int{}}
		l := &ledger{through: map[contract.Stream]uint64{}, batches: map[contract.Stream]int{}}
		s := &Sweeper{Link: NewUplink(Options{Central: l, Log: quiet}), Cluster: c, Own: own.Stream}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = s.Run(ctx) }()
		test(c, l, own, foreign)
		stop()
		synctest.Wait()
	})
}

// pass lets fake time go by.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestSweeperTakesOverAStreamThatStandsStill(t *testing.T) {
	sweeping(t, true, func(c *cell, l *ledger, own, foreign *box) {
		pass(55 * time.Second)
		if got := l.sent(foreign.Stream()); got != 0 {
			t.Errorf("%d batches before a minute had passed, want 0", got)
		}
		pass(20 * time.Second)
		if got := foreign.Acknowledged(); got != 700 {
			t.Errorf("acknowledged %d, want 700", got)
		}
		if got := l.sent(foreign.Stream()); got != 2 {
			t.Errorf("%d batches, want 2", got)
		}
		if got := l.sent(own.Stream()); got != 0 {
			t.Errorf("%d batches of the own stream, which its forwarder sends", got)
		}
		foreign.write(1) // its owner is still cut off from central: no further minute
		pass(6 * time.Second)
		if got := foreign.Acknowledged(); got != 701 {
			t.Errorf("acknowledged %d six seconds after the next tap, want 701", got)
		}
	})
}

func TestSweeperLeavesAStreamThatMoves(t *testing.T) {
	sweeping(t, true, func(c *cell, l *ledger, own, foreign *box) {
		for seq := uint64(1); seq < 30; seq++ { // slow, but alive
			_ = foreign.Acknowledge(seq)
			pass(30 * time.Second)
		}
		if got := l.sent(foreign.Stream()); got != 0 {
			t.Errorf("%d batches of a stream whose owner forwards, want 0", got)
		}
	})
}

func TestSweeperStopsWhenTheOwnerIsBack(t *testing.T) {
	sweeping(t, true, func(c *cell, l *ledger, own, foreign *box) {
		pass(2 * time.Minute)
		swept := l.sent(foreign.Stream())
		foreign.write(10)
		_ = foreign.Acknowledge(710) // by its owner, before the next round
		foreign.write(1)
		pass(30 * time.Second)
		if got := l.sent(foreign.Stream()) - swept; got != 0 {
			t.Errorf("%d batches after the owner was back, want 0", got)
		}
	})
}

func TestTheLeaderSweepsBeforeOthers(t *testing.T) {
	sweeping(t, false, func(c *cell, l *ledger, own, foreign *box) {
		pass(110 * time.Second)
		if got := l.sent(foreign.Stream()); got != 0 {
			t.Errorf("%d batches from a follower within two minutes, want 0", got)
		}
		c.mu.Lock()
		c.leads = true // it watched meanwhile
		c.mu.Unlock()
		pass(3 * time.Second)
		if got := foreign.Acknowledged(); got != 700 {
			t.Errorf("acknowledged %d right after the election, want 700", got)
		}
	})
}

// The leader's own way to central is cut, or there is none: whoever has a way takes it.
func TestOthersSweepWhenTheLeaderDoesNot(t *testing.T) {
	sweeping(t, false, func(c *cell, l *ledger, own, foreign *box) {
		pass(125 * time.Second)
		if got := foreign.Acknowledged(); got != 700 {
			t.Errorf("acknowledged %d, want 700", got)
		}
		foreign.write(1)
		pass(5 * time.Second)
		if got := foreign.Acknowledged(); got != 701 {
			t.Errorf("acknowledged %d five seconds after the next tap, want 701", got)
		}
	})
}

func TestSweeperLeavesAForkedStreamAlone(t *testing.T) {
	sweeping(t, true, func(c *cell, l *ledger, own, foreign *box) {
		l.disown(foreign.Stream())
		pass(time.Hour)
		if got := l.sent(foreign.Stream()); got != 1 {
			t.Errorf("%d batches of a forked stream, want 1", got)
		}
	})
}

func TestSweeperGoesBackToWhatCentralExpects(t *testing.T) {
	sweeping(t, true, func(c *cell, l *ledger, own, foreign *box) {
		_ = foreign.Acknowledge(600) // by a central that has lost it since
		pass(2 * time.Minute)
		if got := l.holds(foreign.Stream()); got != 700 {
			t.Errorf("central holds %d, want 700", got)
		}
	})
}

func TestSweeperHeedsRetryAfter(t *testing.T) {
	sweeping(t, true, func(c *cell, l *ledger, own, foreign *box) {
		l.refuse(&contract.Problem{Type: contract.ProblemBusy, Status: 503, RetryAfter: 5 * time.Minute})
		pass(6 * time.Minute)
		if got := l.sent(foreign.Stream()); got != 1 {
			t.Errorf("%d batches although central asked for five minutes, want 1", got)
		}
		l.refuse(nil)
		pass(time.Minute)
		if got := foreign.Acknowledged(); got != 700 {
			t.Errorf("acknowledged %d, want 700", got)
		}
	})
}

// Without quorum the acknowledgement cannot be shared; the records are sent again and central knows them.
func TestSweeperWithoutQuorum(t *testing.T) {
	sweeping(t, true, func(c *cell, l *ledger, own, foreign *box) {
		c.refuse(errors.New("no quorum"))
		pass(2 * time.Minute)
		c.refuse(nil)
		pass(10 * time.Second)
		if got := foreign.Acknowledged(); got != 700 {
			t.Errorf("acknowledged %d, want 700", got)
		}
	})
}

func TestSharer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := newBox(100)
		c := &cell{boxes: []*box{own}, ackedBy: map[contract.Stream]int{}}
		s := &Sharer{Outbox: own, Cluster: c, Log: quiet}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = s.Run(ctx) }()
		pass(30 * time.Second)
		if got := c.acks(own.Stream()); got != 0 {
			t.Errorf("shared %d times with nothing to share", got)
		}
		for seq := range uint64(50) { // fifty receipts within five seconds
			_ = own.Acknowledge(seq + 1)
			time.Sleep(100 * time.Millisecond)
		}
		pass(30 * time.Second)
		if got := c.acks(own.Stream()); got < 1 || got > 2 {
			t.Errorf("shared %d times, want one or two", got)
		}
		c.refuse(errors.New("no quorum"))
		_ = own.Acknowledge(60)
		pass(30 * time.Second)
		c.refuse(nil)
		shared := c.acks(own.Stream())
		pass(6 * time.Second)
		if got := c.acks(own.Stream()); got != shared+1 {
			t.Errorf("shared %d times after quorum was back, want once", got-shared)
		}
		stop()
		synctest.Wait()
	})
}

// Seals are told once an hour at most, the newest, and again after the cluster could not take one.
func TestSharerTellsSeals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own := newBox(100)
		c := &cell{boxes: []*box{own}, ackedBy: map[contract.Stream]int{}}
		s := &Sharer{Outbox: own, Cluster: c, Log: quiet}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = s.Run(ctx) }()
		pass(30 * time.Minute)
		c.refuse(errors.New("no quorum"))
		own.seal(10)
		pass(time.Minute)
		c.refuse(nil)
		pass(time.Minute)
		for seq := range uint64(50) {
			own.seal(20 + seq)
			pass(time.Minute)
		}
		pass(2 * time.Hour)
		if diff := cmp.Diff(c.sealed(), []uint64{10, 69}); diff != "" {
			t.Errorf("seals (-got +want):\n%s", diff)
		}
		stop()
		synctest.Wait()
	})
}
