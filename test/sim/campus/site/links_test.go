package site

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// poke sends an octet into the cable from one gateway to another; 0 is central.
func poke(t *testing.T, l *Links, from, to int) {
	t.Helper()
	address := l.ToCentral(from)
	if to != 0 {
		address = l.Between(from, to)
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprint(conn, "x"); err != nil {
		t.Fatal(err)
	}
}

// awaitHeld waits until a gateway's cables hold what they should.
func awaitHeld(t *testing.T, l *Links, gateway, central, peers int) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		c, p := l.Held(gateway)
		if c == central && p == peers {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("gateway %d: cables hold %d and %d, want %d and %d", gateway, c, p, central, peers)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestCutSeversExactlyOneGateway(t *testing.T) {
	l, err := openLinks()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.Cut(1)
	for _, cable := range [][2]int{{1, 0}, {1, 2}, {3, 1}, {2, 0}, {3, 2}} {
		poke(t, l, cable[0], cable[1])
	}
	awaitHeld(t, l, 1, 1, 2)
	awaitHeld(t, l, 2, 0, 1) // the cable it shares with the first
	awaitHeld(t, l, 3, 0, 1)
}

func TestHealingOneEndLeavesTheOtherCut(t *testing.T) {
	l, err := openLinks()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.Cut(1)
	l.Cut(2)
	l.Heal(1)
	poke(t, l, 1, 2)
	awaitHeld(t, l, 1, 0, 1)
	awaitHeld(t, l, 2, 0, 1)
	l.Heal(2)
	l.Cut(3)
	poke(t, l, 1, 3)
	awaitHeld(t, l, 3, 0, 1)
}
