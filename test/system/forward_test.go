package system

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The promise of forwarding: at least once; nothing dropped without a receipt. Central stores taps, its answers are lost, and
// then it is killed: the gateway has no receipt, drops nothing and sends again.
func TestNothingIsDroppedWithoutAReceipt(t *testing.T) {
	t.Parallel()
	door := room("north", 1)
	c := open(t, plan{posts: alone, classes: []class{on("class", door, people...)}})
	g := c.gateways["north"]
	m := newMuffler(t, c.central.gateways)
	g.stop()
	g.configure(m.listener.Addr().String())
	c.start("north")
	c.awaitSteady(g, door, lamp.Blue)
	c.tap("north", door, people[0], lamp.Green)
	c.awaitLevel()
	c.await("the receipt has come back, so that no batch is under way", func() error {
		m, err := g.metrics()
		if err == nil && m[`rollcall_gateway_uplink_batches_total{result="stored"}`] == 0 {
			err = errors.New("there is none; the gateway learned from a report what central holds")
		}
		return err
	})
	before, err := g.reach()
	must(t, err)

	m.muffled.Store(true)
	c.tap("north", door, people[1], lamp.Green)
	c.awaitTaps(2) // applied
	c.tap("north", door, people[2], lamp.Green)
	if m.lost.Load() == 0 {
		t.Error("no answer was lost")
	}
	unanswered, err := g.reach()
	must(t, err)
	if unanswered.acknowledged != before.acknowledged || unanswered.durable < before.durable+2 {
		t.Errorf("without a receipt: %+v, before %+v; want two records more, and no more acknowledged", unanswered, before)
	}
	if !c.central.Kill() {
		t.Fatal("central was not ended by the signal")
	}
	m.breakAll()
	c.central.up()
	c.awaitLevel()
	c.checkTaps()
}

// The same while central is killed again and again in the middle of everything.
func TestNothingIsDroppedWhileCentralIsKilled(t *testing.T) {
	t.Parallel()
	const kills = 3
	c := open(t, plan{posts: alone, classes: []class{on("first", room("north", 1), people...), on("second", room("north", 2), people...)}})
	stop := make(chan struct{})
	var queues sync.WaitGroup
	failed := make(chan error, doors)
	for n := 1; n <= doors; n++ {
		queues.Go(func() { failed <- c.queue(room("north", n), stop) })
	}
	for range kills {
		c.awaitTaps(c.count() + 1)
		if !c.central.Kill() {
			t.Error("central was not ended by the signal")
		}
		missed := c.count() + 2*doors
		c.await("people tap while central is dead", func() error {
			if n := c.count(); n < missed {
				return fmt.Errorf("%d of %d have", n, missed)
			}
			return nil
		})
		c.central.up()
	}
	close(stop)
	queues.Wait()
	for range doors {
		must(t, <-failed)
	}
	c.awaitLevel()
	c.checkTaps()
}

// queue lets people tap one after another until stop is closed. Everybody must see green.
func (c *campus) queue(room string, stop <-chan struct{}) error {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		r, err := c.present("north", room, people[i%students])
		if err != nil || r.Light != lamp.Green {
			return fmt.Errorf("tap %d at %s: light = %v, %v, want green", i, room, r.Light, err)
		}
	}
}

// count is how many people have tapped so far.
func (c *campus) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// A stream that has lost its owner for ever is swept: the leader brings what the cluster holds of it to central.
func TestOrphanStreamIsSweptByTheLeader(t *testing.T) {
	t.Parallel()
	const sweepAfter, atMost = time.Minute, 3 * time.Minute
	c := open(t, plan{posts: three, clustered: true, classes: classesOfThree()})
	lost := c.gateways["west"]
	stream := lost.stream()
	c.awaitLevel()
	lost.uplink.Cut()
	for _, p := range people[8:] {
		c.tap("west", room("west", 1), p, lamp.Green)
	}
	last, err := lost.reach()
	must(t, err)
	c.await("the cluster holds the taps of the gateway that will be lost", func() error { return c.copied(stream, last.durable) })
	if through, err := c.central.through(stream); err != nil || through+4 > last.durable {
		t.Errorf("central holds %d of %d records, %v, before the sweep; want none of the last four", through, last.durable, err)
	}
	lost.kill()
	diedAt := time.Now()
	c.awaitFor(atMost, "central holds the taps of the lost gateway", func() error {
		through, err := c.central.through(stream)
		if err == nil && through < last.durable {
			err = fmt.Errorf("it holds %d of %d records, %v after the death", through, last.durable, time.Since(diedAt).Round(time.Second))
		}
		return err
	})
	t.Logf("swept %v after the death; a stream at rest is swept after %v", time.Since(diedAt).Round(time.Second), sweepAfter)
	c.checkTaps()
}
