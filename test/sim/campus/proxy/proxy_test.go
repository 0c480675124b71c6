package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers every line with itself, until the test ends.
func echo(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn) //nolint:errcheck // it ends when the test closes the connection
			}()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

func lay(t *testing.T, target string) *Cable {
	t.Helper()
	c, err := Open(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// caller is a connection through a cable.
type caller struct {
	net.Conn
	lines *bufio.Reader
}

func dial(t *testing.T, c *Cable) caller {
	t.Helper()
	conn, err := net.Dial("tcp", c.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return caller{conn, bufio.NewReader(conn)}
}

func (c caller) say(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(c, line); err != nil {
		t.Fatal(err)
	}
}

func (c caller) hear(t *testing.T, within time.Duration) (string, error) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	line, err := c.lines.ReadString('\n')
	return strings.TrimSpace(line), err
}

func (c caller) want(t *testing.T, line string) {
	t.Helper()
	if got, err := c.hear(t, 5*time.Second); got != line || err != nil {
		t.Fatalf("heard %q, %v, want %q", got, err, line)
	}
}

// silent waits a moment for what must not come.
func (c caller) silent(t *testing.T) {
	t.Helper()
	if got, err := c.hear(t, 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("heard %q, %v through a cut cable, want silence", got, err)
	}
}

func TestCutCableIsSilentAndHealedOneGoesOn(t *testing.T) {
	c := lay(t, echo(t))
	old := dial(t, c)
	old.say(t, "one")
	old.want(t, "one")
	passed := c.Passed()
	if passed != 8 {
		t.Errorf("passed %d octets, want 4 there and 4 back", passed)
	}

	c.Cut()
	old.say(t, "two")
	old.silent(t)
	fresh := dial(t, c)
	fresh.say(t, "three")
	fresh.silent(t)
	awaitHeld(t, c, 2)
	if c.Passed() != passed {
		t.Errorf("passed %d octets while cut, want none", c.Passed()-passed)
	}

	c.Heal()
	old.want(t, "two")
	fresh.want(t, "three")
	old.say(t, "four")
	old.want(t, "four")
}

// awaitHeld fails when the cable does not come to hold n things.
func awaitHeld(t *testing.T, c *Cable, n int) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for c.Held() != n {
		if time.Now().After(deadline) {
			t.Fatalf("held %d, want %d", c.Held(), n)
		}
		runtime.Gosched()
	}
}

func TestHeldCountsTheLastCutAlone(t *testing.T) {
	c := lay(t, echo(t))
	conn := dial(t, c)
	c.Cut()
	conn.say(t, "one")
	conn.silent(t)
	c.Heal()
	conn.want(t, "one")
	c.Cut()
	c.Cut() // a second time changes nothing
	if c.Held() != 0 {
		t.Errorf("held %d at the start of a cut, want 0", c.Held())
	}
	c.Heal()
	c.Heal()
	conn.say(t, "two")
	conn.want(t, "two")
}

func TestEndOfAConnectionIsCarried(t *testing.T) {
	c := lay(t, echo(t))
	conn := dial(t, c)
	conn.say(t, "one")
	conn.want(t, "one")
	if err := conn.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := conn.hear(t, 5*time.Second); !errors.Is(err, io.EOF) {
		t.Errorf("heard %q, %v, want the end", got, err)
	}
}

func TestNobodyBehindTheCable(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	conn := dial(t, lay(t, ln.Addr().String()))
	if got, err := conn.hear(t, 5*time.Second); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v, want the connection to end", got, err)
	}
}

func TestCloseEndsACutCable(t *testing.T) {
	c, err := Open(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, c)
	conn.say(t, "one")
	conn.want(t, "one")
	c.Cut()
	conn.say(t, "two")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := conn.hear(t, 5*time.Second); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v, want the connection to end", got, err)
	}
}
