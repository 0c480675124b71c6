package system

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Two of three gateways die for good, and the third is recovered as the runbook says: it leads alone, goes on, and takes spares in
// under the old names. Every tap that a light answered, also while nobody led and central was away, is at central once
// and on all three.
func TestSurvivorOfALostMajorityIsRecovered(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: three, classes: classesOfThree()})
	c.foundAtCentral()
	c.awaitVoters()
	c.awaitOpen(classesOfThree())
	c.tap("south", room("south", 1), people[4], lamp.Green)
	c.tap("west", room("west", 1), people[8], lamp.Green)
	c.awaitLevel()
	survivor, lost := c.gateways["north"], []*gateway{c.gateways["south"], c.gateways["west"]}
	survivor.uplink.Cut()
	c.tap("north", room("north", 1), people[0], lamp.Green)
	streams := c.awaitCopies()

	for _, g := range lost {
		g.kill()
		must(t, os.RemoveAll(g.data))
	}
	c.awaitNoLeader(survivor)
	c.tap("north", room("north", 1), people[1], lamp.Green)
	c.central.must("revoke", "south")
	c.central.must("revoke", "west")
	survivor.refused("stop the gateway first", "cluster", "recover", "--yes")
	survivor.stop()
	survivor.must("cluster", "recover", "--yes")
	survivor.uplink.Heal()
	c.start("north")
	c.awaitOpen(classesOfThree()[:1])
	c.tap("north", room("north", 1), people[2], lamp.Green)
	c.awaitLevel()

	for _, g := range lost {
		g.enrol()
		c.start(g.post.gateway)
	}
	c.awaitVoters()
	c.awaitOpen(classesOfThree())
	c.tap("south", room("south", 1), people[5], lamp.Green)
	c.tap("west", room("west", 1), people[9], lamp.Green)
	c.awaitLevel()
	for stream, durable := range streams {
		must(t, c.copied(stream, durable))
	}
	c.checkTaps()
	c.awaitWhole()
}

// awaitWhole waits until central's page says so of the cluster; each gateway reports every ten seconds.
func (c *campus) awaitWhole() {
	c.t.Helper()
	c.await("central's page shows the cluster as whole", func() error {
		page, err := c.central.get("/gateways")
		if err != nil || strings.Contains(page, "leads, every voter reports, and its members are those that are wanted") {
			return err
		}
		return errors.New("it does not")
	})
}

// awaitCopies waits until every gateway holds the journals of all, and tells how far each stream was held.
func (c *campus) awaitCopies() map[string]uint64 {
	c.t.Helper()
	streams := map[string]uint64{}
	c.await("every gateway holds every journal", func() error {
		for _, g := range c.gateways {
			r, err := g.reach()
			if err != nil {
				return err
			}
			own := g.stream()
			streams[own] = r.durable
			if err := c.copied(own, r.durable); err != nil {
				return err
			}
		}
		return nil
	})
	return streams
}

// awaitNoLeader waits until a gateway knows that its cluster has no leader.
func (c *campus) awaitNoLeader(g *gateway) {
	c.t.Helper()
	c.await(g.post.gateway+" knows that the cluster has no leader", func() error {
		m, err := g.metrics()
		if err == nil && m[`rollcall_gateway_raft_state{state="leader"}`] == 1 {
			err = errors.New("it leads")
		}
		return err
	})
}
