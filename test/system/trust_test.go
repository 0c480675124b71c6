package system

import (
	"errors"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// A revoked gateway is turned away at once, on the connection it has and on every new one; its invitation is used up. Its
// building's lights are not affected: they depend on nobody.
func TestRevokedGatewayIsTurnedAway(t *testing.T) {
	t.Parallel()
	door := room("north", 1)
	c := open(t, plan{posts: []post{{"north", "north"}, {"south", "south"}}, classes: []class{on("class", door, people...), on("other", room("south", 1), people...)}})
	g := c.gateways["north"]
	stream := g.stream()
	c.tap("north", door, people[0], lamp.Green)
	c.awaitLevel()
	before, err := c.central.through(stream)
	must(t, err)

	c.central.must("revoke", "north")
	c.tap("north", door, people[1], lamp.Green)
	c.awaitRefused(g)
	g.stop()
	c.start("north")
	c.awaitSteady(g, door, lamp.Blue)
	c.tap("north", door, people[2], lamp.Green)
	c.awaitRefused(g)
	r, err := g.reach()
	must(t, err)
	if r.durable < before+2 || r.acknowledged > before {
		t.Errorf("the gateway keeps %d records and has receipts for %d, want %d more than %d, and no receipt for these", r.durable, r.acknowledged, 2, before)
	}
	client, hangUp := g.client()
	defer hangUp()
	if _, err = client.Timetable(t.Context(), 0, 0); err == nil || errors.Is(err, contract.ErrUnchanged) {
		t.Errorf("the timetable for a revoked gateway: %v, want it refused or the connection ended", err)
	}

	c.tap("south", room("south", 1), people[0], lamp.Green) // the other gateway is not
	c.await("the other gateway's tap is at central", func() error { return c.level(c.gateways["south"]) })
	if after, err := c.central.through(stream); err != nil || after != before {
		t.Errorf("central holds %d records of the revoked gateway, %v, want %d as before", after, err, before)
	}
}

// awaitRefused waits until the gateway says that central turned its batch away since now.
func (c *campus) awaitRefused(g *gateway) {
	c.t.Helper()
	c.await(g.post.gateway+" was turned away", func() error {
		page, err := g.get("/")
		if err == nil && !strings.Contains(page, "revoked") && !strings.Contains(page, "bad certificate") {
			err = errors.New("its page does not say so")
		}
		return err
	})
}

// An invitation lets one gateway in, once.
func TestInvitationIsUsedOnce(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: alone})
	g := c.gateways["north"]
	invitation := c.central.must("invite", "--building", "north", "spare")
	g.stop()
	for i, want := range []int{0, 1} {
		_, complaints, status := execute(t.Context(), g.Path, "enrol", "--config", g.config, invitation)
		if status != want {
			t.Errorf("status of enrolment %d = %d, want %d: %s", i+1, status, want, complaints)
		}
		if want != 0 && !strings.Contains(complaints, "invitation") {
			t.Errorf("enrolment %d says %q, want a word on the invitation", i+1, complaints)
		}
	}
}
