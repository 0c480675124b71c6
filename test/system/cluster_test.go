package system

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Gateways without a word about clusters in their files become one because central says so; one of them dies with its disk, and
// its spare comes in under the same name, gets everything back and a stream of its own.
func TestClusterIsMadeAtCentral(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: three, classes: classesOfThree()})
	c.tap("north", room("north", 1), people[0], lamp.Green)
	c.foundAtCentral()
	c.awaitVoters()
	c.awaitOpen(classesOfThree())
	c.tap("south", room("south", 1), people[4], lamp.Green)
	c.tap("west", room("west", 1), people[0], lamp.Red)
	c.awaitLevel()

	dead := c.gateways["south"]
	former := dead.stream()
	dead.kill()
	must(t, os.RemoveAll(dead.data))
	c.tap("north", room("north", 1), people[1], lamp.Green)
	dead.enrol()
	c.start("south")
	c.awaitVoters()
	c.awaitOpen(classesOfThree())
	c.tap("south", room("south", 1), people[5], lamp.Green)
	c.awaitLevel()
	own, held, err := dead.copies()
	must(t, err)
	if own == former {
		t.Error("the spare goes on with the dead gateway's stream")
	}
	if held[former] == 0 {
		t.Errorf("the spare holds nothing of the dead gateway's stream %s: %v", former, held)
	}
	c.checkTaps()
}

// foundAtCentral makes the three gateways a cluster by central's word.
func (c *campus) foundAtCentral() {
	c.t.Helper()
	founders := []string{"campus"}
	for _, at := range three {
		founders = append(founders, at.gateway+"="+freeAddress(c.t))
	}
	c.central.mustCluster("create", founders...)
	c.clustered = true
}

// mustCluster runs an operator's command about clusters.
func (s *central) mustCluster(command string, args ...string) {
	s.c.t.Helper()
	if _, complaints, status := execute(s.c.t.Context(), s.Path, append([]string{"cluster", command, "--config", s.config}, args...)...); status != 0 {
		s.c.t.Fatalf("cluster %s: status %d: %s", command, status, complaints)
	}
}

// awaitVoters waits until every gateway's cluster status shows all three, each with a say and answering.
func (c *campus) awaitVoters() {
	c.t.Helper()
	c.await("all three gateways are voters of one cluster", func() error {
		for _, g := range c.gateways {
			out, complaints, status := execute(c.t.Context(), g.Path, "cluster", "status", "--config", g.config)
			if status != 0 {
				return fmt.Errorf("%s: %s", g.post.gateway, complaints)
			}
			ready := 0
			for line := range strings.Lines(out) {
				if strings.Contains(line, " voter ") && (strings.Contains(line, " leads ") || strings.Contains(line, " answers ")) {
					ready++
				}
			}
			if ready != len(three) || !strings.Contains(out, "as central wants it") || strings.Contains(out, "Not as wanted") {
				return fmt.Errorf("%s shows:\n%s", g.post.gateway, out)
			}
		}
		return nil
	})
}
