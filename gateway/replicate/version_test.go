package replicate

import (
	"context"
	"testing"

	"github.com/hashicorp/raft"
)

// versions counts the commands of each version in a gateway's Raft log.
func (g *gateway) versions() map[byte]int {
	g.campus.t.Helper()
	found := map[byte]int{}
	for i := g.node.journal.First(); i != 0 && i <= g.node.journal.Last(); i++ {
		var e raft.Log
		if err := g.node.logs.GetLog(i, &e); err != nil {
			g.campus.t.Fatal(err)
		}
		if e.Type == raft.LogCommand {
			found[e.Data[0]]++
		}
	}
	return found
}

// A cluster is upgraded one gateway after the other to a build that knows a newer version of commands. While one member does
// not know it none is written, or that member would have to stop; when all do, it is. Nothing is lost, and all but the one
// that restarts go on.
func TestRollingUpgrade(t *testing.T) {
	next := byte(newestCommand + 1)
	c := newCampus(t, 3, nil)
	c.leader()
	for _, g := range c.gateways {
		g.tap(5)
	}
	c.settled()
	for _, g := range c.gateways {
		others := []*gateway{c.other(g)}
		others = append(others, c.other(g, others[0]))
		stop := c.tapping(others...)
		g.halt()
		others[0].advance(5)
		others[1].advance(5)
		for _, o := range others {
			if got := o.versions(); got[next] > 0 {
				t.Errorf("%s has %d commands that %s does not read", o.member.ID, got[next], g.member.ID)
			}
		}
		g.tune = func(o *Options) { o.speaks = next }
		g.start()
		stop()
		c.settled()
	}
	await(t, "the cluster writes the new version", func() bool {
		g := c.leader()
		g.tap(1)
		g.advance(1)
		return g.versions()[next] > 0
	})
	c.settled()
}

// A member whose build is older than the talk protocol, as one was released: it takes part, and counts as reading the oldest.
func TestNeighbourWithoutTheTalkProtocol(t *testing.T) {
	c := newCampus(t, 3, func(o *Options) {
		if o.ID == "gw-2" {
			o.mute = true
		} else {
			o.speaks = newestCommand + 1
		}
	})
	old := c.gateways[1]
	for c.leader() == old {
		_ = old.node.raft.LeadershipTransfer().Error() // tried again
	}
	leader := c.leader()
	await(t, "the leader knows that it is older", func() bool {
		f, ok := leader.node.fellows.of(old.member.ID)
		return ok && f.mute
	})
	if v := leader.node.vitals(old.member.ID); !v.alive || v.sound {
		t.Errorf("vitals = %+v, want it alive, and not known to have caught up", v)
	}
	if got := leader.node.spoken(); got != oldestCommand {
		t.Errorf("version written = %d, want %d", got, oldestCommand)
	}
	old.tap(5)
	leader.tap(5)
	c.settled()
	if o := old.node.Overview(context.Background()); o.Leader != leader.member.ID {
		t.Errorf("overview of the older = %+v", o)
	}
}
