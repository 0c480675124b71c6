package system

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// authority runs one of the operator's commands on the campus authority.
func (s *central) authority(args ...string) (out, complaints string, status int) {
	return execute(s.c.t.Context(), s.Path, slices.Concat([]string{"authority"}, args, []string{"--config", s.config})...)
}

// Another authority follows the one of the campus while three gateways of one cluster are tapped at. One of them is dead from
// before it begins until after the former authority is retired, and comes back by itself.
func TestAuthorityIsExchangedWhilePeopleTap(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: three, clustered: true, classes: classesOfThree()})
	c.tap("north", room("north", 1), people[0], lamp.Green)
	c.tap("west", room("west", 1), people[8], lamp.Green)
	c.awaitLevel()
	former := c.gateways["south"].identity()
	west := c.gateways["west"]
	west.kill()

	if _, complaints, status := c.central.authority("retire"); status == 0 || !strings.Contains(complaints, "no other authority follows") {
		t.Errorf("retire before another authority follows: status %d: %s", status, complaints)
	}
	if out, complaints, status := c.central.authority("rotate"); status != 0 {
		t.Fatalf("rotate: status %d: %s%s", status, out, complaints)
	}
	c.tap("south", room("south", 1), people[4], lamp.Green)
	c.await("those who live are ready", func() error {
		out, complaints, status := c.central.authority("status")
		if status != 0 || strings.Count(out, " ready\n") != 2 {
			return fmt.Errorf("status %d: %s%s", status, out, complaints)
		}
		return nil
	})
	c.tap("north", room("north", 1), people[1], lamp.Green)
	_, complaints, status := c.central.authority("retire")
	if status == 0 || !strings.Contains(complaints, "west has a certificate of the former authority") || strings.Contains(complaints, "north has") {
		t.Fatalf("retire while west depends on it: status %d: %s, want it refused and west alone named", status, complaints)
	}
	if _, complaints, status := c.central.authority("retire", "--force"); status != 0 {
		t.Fatalf("retire --force: status %d: %s", status, complaints)
	}
	c.tap("south", room("south", 1), people[5], lamp.Green)
	c.await("the living know of it", func() error {
		for _, name := range []string{"north", "south"} {
			cert, err := former.Certificate()
			if err != nil {
				return err
			}
			if c.gateways[name].identity().Believes(cert.Leaf) == nil {
				return fmt.Errorf("%s still believes the former authority", name)
			}
		}
		return nil
	})
	c.checkFormer(former)

	c.start("west")
	c.awaitOpen(classesOfThree())
	c.tap("west", room("west", 1), people[9], lamp.Green)
	c.awaitLevel()
	c.await("west is ready as well", func() error {
		out, complaints, _ := c.central.authority("status")
		if strings.Count(out, " ready\n") != 3 || !strings.Contains(out, "retired") {
			return fmt.Errorf("%s%s", out, complaints)
		}
		return nil
	})
	c.checkTaps()
}

// checkFormer has a certificate of the retired authority tried at central and at a peer.
func (c *campus) checkFormer(former *identity.Identity) {
	c.t.Helper()
	north := c.gateways["north"]
	believes := north.identity().Authority()
	config := func() *tls.Config {
		k := former.ClientTLS()
		k.RootCAs = believes
		return k
	}
	transport := &http.Transport{TLSClientConfig: config(), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &contract.Client{HTTP: &http.Client{Transport: transport, Timeout: patience}, Base: "https://" + c.central.gateways}
	var word *contract.Problem
	if _, err := client.Timetable(c.t.Context(), 0, 0); !errors.As(err, &word) || !strings.Contains(word.Error(), "retired") {
		c.t.Errorf("the timetable for a certificate of the retired authority: %v, want it refused as retired", err)
	}

	k := config()
	k.ServerName, k.NextProtos = contract.GatewayHost("north"), []string{"rollcall-raft/1"}
	conn, err := tls.Dial("tcp", north.members["north"], k)
	if err == nil { // TLS 1.3: the client hears of it when it reads
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "remote error: tls:") {
		c.t.Errorf("a peer with a certificate of the retired authority: %v, want it refused", err)
	}
}
