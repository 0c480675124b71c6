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

// slowCentral stores one batch at a time, for as long as its records take, and notes when it first had each record.
type slowCentral struct {
	turn    chan struct{} // one place
	each    time.Duration // what a record takes
	refusal func(ahead bool) error

	mu      sync.Mutex // guards everything that follows
	through map[contract.Stream]uint64
	early   map[contract.TapID]string
	held    map[contract.TapID]string
	at      map[contract.TapID]time.Time
	firsts  map[contract.Stream][]uint64 // of batches in their place
	aheads  []time.Time                  // when batches came ahead
	twice   int
}

func newSlowCentral(each time.Duration) *slowCentral {
	return &slowCentral{
		turn: make(chan struct{}, 1), each: each, refusal: func(bool) error { return nil },
		through: map[contract.Stream]uint64{}, early: map[contract.TapID]string{}, held: map[contract.TapID]string{},
		at: map[contract.TapID]time.Time{}, firsts: map[contract.Stream][]uint64{},
	}
}

func (c *slowCentral) take(b contract.Batch, ahead bool) (contract.Receipt, error) {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	time.Sleep(time.Duration(len(b.Records)) * c.each)
	c.mu.Lock()
	defer c.mu.Unlock()
	if ahead {
		c.aheads = append(c.aheads, time.Now())
	}
	if err := c.refusal(ahead); err != nil {
		return contract.Receipt{}, err
	}
	through := c.through[b.Stream]
	if !ahead && b.First > through+1 {
		return contract.Receipt{}, &contract.Problem{Type: contract.ProblemGap, Status: 409, Expected: through + 1}
	}
	for i, octets := range b.Records {
		id := contract.TapID{Stream: b.Stream, Seq: b.First + uint64(i)}
		for _, before := range []map[contract.TapID]string{c.held, c.early} {
			if known, ok := before[id]; ok && known != string(octets) {
				return contract.Receipt{}, &contract.Problem{Type: contract.ProblemFork, Status: 409}
			}
		}
		c.keepLocked(id, string(octets), ahead)
	}
	if !ahead {
		c.firsts[b.Stream] = append(c.firsts[b.Stream], b.First)
		c.through[b.Stream] = max(through, b.First+uint64(len(b.Records))-1)
	}
	return contract.Receipt{Stream: b.Stream, Through: c.through[b.Stream]}, nil
}

func (c *slowCentral) keepLocked(id contract.TapID, octets string, ahead bool) {
	if _, ok := c.at[id]; !ok {
		c.at[id] = time.Now()
	}
	if ahead {
		c.early[id] = octets
		return
	}
	if _, ok := c.held[id]; ok {
		c.twice++
	}
	c.held[id] = octets
}

func (c *slowCentral) SendBatch(_ context.Context, b contract.Batch) (contract.Receipt, error) {
	return c.take(b, false)
}

func (c *slowCentral) SendAhead(_ context.Context, b contract.Batch) (contract.Receipt, error) {
	return c.take(b, true)
}

func (c *slowCentral) hasAll(b *box) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.through[b.Stream()] == b.Durable()
}

// check compares what central has in place with what was written, and that it came in order and once.
func (c *slowCentral) check(t *testing.T, b *box) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for seq := uint64(1); seq <= b.Durable(); seq++ {
		if got := c.held[contract.TapID{Stream: b.Stream(), Seq: seq}]; got != string(b.record(seq)) {
			t.Fatalf("record %d at central is not the one written", seq)
		}
	}
	if c.twice > 0 {
		t.Errorf("%d records came to their place twice", c.twice)
	}
	if !slices.IsSorted(c.firsts[b.Stream()]) {
		t.Error("the backlog was not sent oldest first")
	}
}

// liveTaps writes a record every 50 ms for as long as there is a backlog, and returns when each was written.
func liveTaps(c *slowCentral, b *box, for_ time.Duration) map[contract.TapID]time.Time {
	written := map[contract.TapID]time.Time{}
	for range int(for_ / (50 * time.Millisecond)) {
		time.Sleep(50 * time.Millisecond)
		b.write(1)
		written[contract.TapID{Stream: b.Stream(), Seq: b.Durable()}] = time.Now()
	}
	return written
}

// checkLive holds taps of now to five seconds.
func (c *slowCentral) checkLive(t *testing.T, written map[contract.TapID]time.Time) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	worst := time.Duration(0)
	for id, at := range written {
		arrived, ok := c.at[id]
		if !ok {
			t.Fatalf("tap %s never came", id)
		}
		worst = max(worst, arrived.Sub(at))
	}
	if worst > 5*time.Second {
		t.Errorf("a tap took %v to central while the backlog was drained, want at most 5 s", worst)
	}
}

// A building returns with a week of records, of which central stores 5,000 a second: the backlog is drained oldest first, and each
// tap meanwhile is there within five seconds.
func TestAWeeksBacklogHoldsUpNoTapOfNow(t *testing.T) {
	const week = 400_000
	synctest.Test(t, func(t *testing.T) {
		c, b := newSlowCentral(200*time.Microsecond), newBox(week)
		f := NewForwarder(NewUplink(Options{Central: c, Log: quiet}), b)
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = f.Run(ctx) }()
		go func() { _ = f.RunAhead(ctx) }()
		written := liveTaps(c, b, 60*time.Second)
		if c.hasAll(b) {
			t.Fatal("the backlog was gone before the last tap: this run shows nothing")
		}
		if f.ahead.Load() == 0 {
			t.Error("nothing goes ahead in the middle of the backlog")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if !c.hasAll(b) || b.Acknowledged() != b.Durable() {
			t.Fatalf("central has %d of %d, %d acknowledged", c.through[b.Stream()], b.Durable(), b.Acknowledged())
		}
		if f.ahead.Load() != 0 {
			t.Error("the lane is open although nothing waits")
		}
		stop()
		synctest.Wait()
		c.check(t, b)
		c.checkLive(t, written)
		if n := len(c.aheads); n > 70 {
			t.Errorf("%d batches went ahead in a minute, want about one a second", n)
		}
	})
}

// The same for two streams of others, one of them with a week: neither waits for the other, nor its taps of now for its past.
func TestASweptBacklogHoldsUpNoTapOfNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		own, cutOff, dead := newBox(1), newBox(60_000), newBox(3_000)
		cluster := &cell{boxes: []*box{own, cutOff, dead}, leads: true, ackedBy: map[contract.Stream]int{}}
		c := newSlowCentral(500 * time.Microsecond)
		s := &Sweeper{Link: NewUplink(Options{Central: c, Log: quiet}), Cluster: cluster, Own: own.Stream}
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = s.Run(ctx) }()
		time.Sleep(SweepAfter + sweepEvery)
		written := liveTaps(c, cutOff, 20*time.Second)
		if c.hasAll(cutOff) {
			t.Fatal("the backlog was gone before the last tap: this run shows nothing")
		}
		if !c.hasAll(dead) {
			t.Error("3,000 records of one gateway wait for 60,000 of another")
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		stop()
		synctest.Wait()
		c.check(t, cutOff)
		c.check(t, dead)
		c.checkLive(t, written)
		if cutOff.Acknowledged() != cutOff.Durable() || dead.Acknowledged() != dead.Durable() {
			t.Error("what central has is not acknowledged to the cluster")
		}
		if n := cluster.acks(cutOff.Stream()); n > 30 {
			t.Errorf("the cluster was told %d times of one stream, want every five seconds at most", n)
		}
	})
}

// What central answers to the lane, and how often it is asked within an hour in which the backlog does not move.
func TestLaneGivesWay(t *testing.T) {
	for name, tt := range map[string]struct {
		err         error
		least, most int
	}{
		"no answer":              {errors.New("no route"), 50, 200},
		"a fault of central":     {&contract.Problem{Status: 500}, 50, 200},
		"a central of last year": {&contract.Problem{Status: 404}, 6, 7},
		"asks for two minutes":   {&contract.Problem{Type: contract.ProblemBusy, Status: 503, RetryAfter: 2 * time.Minute}, 20, 30},
		"asks for 1,000 hours":   {&contract.Problem{Type: contract.ProblemBusy, Status: 429, RetryAfter: 1000 * time.Hour}, 5, 7},
		"two histories":          {&contract.Problem{Type: contract.ProblemFork, Status: 409}, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, b := newSlowCentral(0), newBox(0)
				c.refusal = func(bool) error { return tt.err }
				f := NewForwarder(NewUplink(Options{Central: c, Log: quiet}), b)
				b.write(2000)
				ctx, stop := context.WithCancel(t.Context())
				go func() { _ = f.RunAhead(ctx) }()
				time.Sleep(time.Hour)
				synctest.Wait()
				if n := len(c.aheads); n < tt.least || n > tt.most {
					t.Errorf("central was asked %d times in an hour, want %d to %d", n, tt.least, tt.most)
				}
				stop()
				synctest.Wait()
			})
		})
	}
}

// A lane begins with the newest records, goes on behind what it sent, and is shut once one batch would bring all.
func TestLaneSendsWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := newSlowCentral(0), newBox(2000)
		var l lane
		link := NewUplink(Options{Central: c, Log: quiet})
		step := func(next uint64) []uint64 {
			c.early = map[contract.TapID]string{}
			l.step(t.Context(), link, stretch{stream: b.Stream(), next: next, durable: b.Durable(), read: b.Read})
			time.Sleep(aheadEvery)
			var seqs []uint64
			for id := range c.early {
				seqs = append(seqs, id.Seq)
			}
			slices.Sort(seqs)
			return seqs
		}
		bounds := func(seqs []uint64) [3]uint64 {
			if len(seqs) == 0 {
				return [3]uint64{}
			}
			return [3]uint64{seqs[0], seqs[len(seqs)-1], uint64(len(seqs))}
		}
		check := func(what string, got []uint64, want [3]uint64) {
			t.Helper()
			if diff := cmp.Diff(bounds(got), want); diff != "" {
				t.Errorf("%s: first, last and number (-got +want):\n%s", what, diff)
			}
		}
		check("at the beginning", step(1), [3]uint64{1751, 2000, 250})
		check("nothing new", step(501), [3]uint64{})
		b.write(3)
		check("three new", step(501), [3]uint64{2001, 2003, 3})
		b.write(1200)
		check("more than goes at once", step(1001), [3]uint64{2004, 3003, 1000})
		check("the rest of it", step(1001), [3]uint64{3004, 3203, 200})
		check("the backlog has overtaken it", step(2900), [3]uint64{})
		b.write(600)
		check("a new backlog", step(3204), [3]uint64{3554, 3803, 250})
		b.restart()
		b.write(501)
		check("a new stream", step(1), [3]uint64{252, 501, 250})
	})
}
