package system

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// classesOfThree is a class in the first room of each building.
func classesOfThree() []class {
	return []class{on("in-north", room("north", 1), people[:4]...), on("in-south", room("south", 1), people[4:8]...), on("in-west", room("west", 1), people[8:]...)}
}

// The promise of replication, first half: the same tap is on every gateway of the cluster, octet for octet, also when
// central is away.
func TestTapIsOnEveryGateway(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: three, clustered: true, classes: classesOfThree()})
	for _, g := range c.gateways {
		g.uplink.Cut()
	}
	for i := range 4 {
		c.tap("north", room("north", 1), people[i], lamp.Green)
		c.tap("south", room("south", 1), people[4+i], lamp.Green)
		c.tap("west", room("west", 1), people[i], lamp.Red)
	}
	reached := map[string]uint64{}
	for _, g := range c.gateways {
		c.await("every gateway holds the journal of "+g.post.gateway, func() error {
			own, _, err := g.copies()
			if err != nil {
				return err
			}
			r, err := g.reach()
			if err == nil && r.durable < 4 {
				err = fmt.Errorf("the journal has %d records", r.durable)
			}
			reached[own] = r.durable
			return errors.Join(err, c.copied(own, r.durable))
		})
	}
	for _, g := range c.gateways {
		g.kill()
	}
	journals := map[contract.Stream][][]byte{}
	for _, g := range c.gateways {
		stream, records := g.journal()
		journals[stream] = records
	}
	for _, g := range c.gateways {
		for stream, want := range journals {
			got := g.replicaOf(stream)
			if n := uint64(len(got)); n < reached[stream.String()] || n > uint64(len(want)) {
				t.Fatalf("%s holds %d records of %s, want %d to %d", g.post.gateway, n, stream, reached[stream.String()], len(want))
			}
			if diff := cmp.Diff(want[:len(got)], got); diff != "" {
				t.Errorf("%s has another copy of stream %s (-journal +copy):\n%s", g.post.gateway, stream, diff)
			}
		}
	}
}

// replicaOf reads a stream from the replica of a gateway that does not run.
func (g *gateway) replicaOf(stream contract.Stream) [][]byte {
	g.c.t.Helper()
	id := g.identity()
	var n *replicate.Node
	g.c.await("the replica of "+g.post.gateway+" is free", func() (err error) {
		n, err = replicate.Open(replicate.Options{
			ID: g.post.gateway, Dir: filepath.Join(g.data, "cluster"), Listen: g.members[g.post.gateway], Members: g.cluster(),
			TLS: replicate.TLS{Certificate: id.Certificate, Authority: id.Authority, Now: id.Now},
		})
		if err != nil && !errors.Is(err, journal.ErrLocked) {
			g.c.t.Fatal(err)
		}
		return err // another test may be starting a program, which holds all our files for a moment
	})
	records, err := readAll(func(first uint64, n1, octets int) ([][]byte, error) { return n.Read(stream, first, n1, octets) }, n.Watermark(stream))
	must(g.c.t, errors.Join(err, n.Close()))
	return records
}

func (g *gateway) cluster() []replicate.Member {
	var all []replicate.Member
	for _, at := range three {
		all = append(all, replicate.Member{ID: at.gateway, Address: g.members[at.gateway]})
	}
	return all
}

// The promise of replication, second half: no quorum delays replication, never tapping. With two of three gateways dead and
// central away, the third goes on, and everything arrives when they are back.
func TestTappingGoesOnWithoutQuorum(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: three, clustered: true, classes: classesOfThree()})
	last := c.gateways["north"]
	c.tap("north", room("north", 1), people[0], lamp.Green)
	c.awaitLevel()
	before, err := last.reach()
	must(t, err)

	c.gateways["south"].kill()
	c.gateways["west"].kill()
	last.uplink.Cut()
	c.awaitNoLeader(last)
	for i := 1; i < 4; i++ {
		c.tap("north", room("north", 1), people[i], lamp.Green)
	}
	c.tap("north", room("north", 1), people[4], lamp.Red)
	alone, err := last.reach()
	must(t, err)
	if alone.durable < before.durable+4 || alone.replicated > alone.durable-4 || alone.acknowledged > alone.durable-4 {
		t.Errorf("without quorum: %+v, before %+v; want four records more on its disk, and there alone", alone, before)
	}

	c.start("south", "west")
	last.uplink.Heal()
	c.awaitLevel()
	c.tap("south", room("south", 1), people[4], lamp.Green)
	c.awaitLevel()
	c.checkTaps()
}
