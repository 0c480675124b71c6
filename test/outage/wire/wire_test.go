package wire

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func open(t *testing.T, hosts ...string) *Switch {
	t.Helper()
	if err := Available(); err != nil {
		t.Skip(err)
	}
	s, err := Open(Options{Seed: 1}, hosts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// mailbox receives datagrams in a host's namespace, until the switch is closed.
func mailbox(t *testing.T, s *Switch, host string) net.PacketConn {
	t.Helper()
	var box net.PacketConn
	err := s.inside(host, func() (err error) {
		box, err = new(net.ListenConfig).ListenPacket(t.Context(), "udp4", ":7000")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	return box
}

// post opens a socket that sends to another host's mailbox. The first datagram, which waits for ARP, has already arrived.
func post(t *testing.T, s *Switch, from, to string, box net.PacketConn) net.Conn {
	t.Helper()
	c, err := s.Dial(t.Context(), from, "udp4", net.JoinHostPort(s.Address(to).String(), "7000"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	send(t, c, "hello")
	if got := receive(t, box, 5*time.Second); got != "hello" {
		t.Fatalf("%s hears %q from %s", to, got, from)
	}
	return c
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// receive waits for a datagram at most so long; "" is none.
func receive(t *testing.T, box net.PacketConn, within time.Duration) string {
	t.Helper()
	buffer := make([]byte, 64<<10)
	if err := box.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	n, _, err := box.ReadFrom(buffer)
	if err != nil {
		return ""
	}
	return string(buffer[:n])
}

const silence = 50 * time.Millisecond // after a frame that must not arrive

func TestEveryHostHearsEveryOther(t *testing.T) {
	hosts := []string{"gw0", "gw1", "gw2", "central"}
	s := open(t, hosts...)
	for _, to := range hosts {
		box := mailbox(t, s, to)
		for _, from := range hosts {
			if from != to {
				post(t, s, from, to, box)
			}
		}
	}
	if got := s.Address("central").String(); got != "10.77.0.4" {
		t.Errorf("Address = %s, want 10.77.0.4", got)
	}
}

// One way is cut: what is sent that way vanishes, the answer's way stays open.
func TestCutOneWay(t *testing.T) {
	s := open(t, "a", "b")
	inA, inB := mailbox(t, s, "a"), mailbox(t, s, "b")
	toB, toA := post(t, s, "a", "b", inB), post(t, s, "b", "a", inA)
	s.Set("a", "b", Impairment{Cut: true})
	send(t, toB, "lost")
	send(t, toA, "kept")
	if got := receive(t, inA, 5*time.Second); got != "kept" {
		t.Errorf("a hears %q, want kept", got)
	}
	if got := receive(t, inB, silence); got != "" {
		t.Errorf("b hears %q through a cut", got)
	}
	if got := s.Counts("a", "b").Cut; got == 0 {
		t.Error("the cut was not counted")
	}
	s.Heal()
	send(t, toB, "again")
	if got := receive(t, inB, 5*time.Second); got != "again" {
		t.Errorf("b hears %q, want again", got)
	}
}

// Around cuts one host off; a bridge joins two halves that do not hear each other.
func TestTopologies(t *testing.T) {
	tests := []struct {
		name   string
		impair func(s *Switch)
		heard  string // by pairs
	}{
		{"whole", func(*Switch) {}, "ab ac ba bc ca cb"},
		{"a isolated", func(s *Switch) { s.Around("a", Impairment{Cut: true}) }, "bc cb"},
		{"b between a and c", func(s *Switch) { s.Between("a", "c", Impairment{Cut: true}) }, "ab ba bc cb"},
	}
	s := open(t, "a", "b", "c")
	boxes := map[string]net.PacketConn{}
	conns := map[string]net.Conn{}
	for _, to := range []string{"a", "b", "c"} {
		boxes[to] = mailbox(t, s, to)
		for _, from := range []string{"a", "b", "c"} {
			if from != to {
				conns[from+to] = post(t, s, from, to, boxes[to])
			}
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer s.Heal()
			tt.impair(s)
			var heard []string
			for _, pair := range strings.Fields("ab ac ba bc ca cb") {
				send(t, conns[pair], tt.name+pair)
				within := silence
				if strings.Contains(tt.heard, pair) {
					within = 5 * time.Second
				}
				if receive(t, boxes[pair[1:]], within) == tt.name+pair {
					heard = append(heard, pair)
				}
			}
			if got := strings.Join(heard, " "); got != tt.heard {
				t.Errorf("heard %q, want %q", got, tt.heard)
			}
		})
	}
}

// TCP gives back what was sent through every impairment that TCP is made for.
func TestTCPComesThrough(t *testing.T) {
	tests := []struct {
		name string
		rule Impairment
		bit  func(c Counts) uint64
	}{
		{"delay and jitter", Impairment{Delay: 5 * time.Millisecond, Jitter: 2 * time.Millisecond}, func(c Counts) uint64 { return c.Delayed }},
		{"loss", Impairment{Loss: 0.05}, func(c Counts) uint64 { return c.Lost }},
		{"duplicates", Impairment{Duplicate: 0.3}, func(c Counts) uint64 { return c.Duplicated }},
		{"reordering", Impairment{Reorder: 0.2}, func(c Counts) uint64 { return c.Reordered }},
		{"corruption", Impairment{Corrupt: 0.05}, func(c Counts) uint64 { return c.Corrupted }},
		{"rate", Impairment{Rate: 8e6}, func(c Counts) uint64 { return c.Delayed }},
	}
	s := open(t, "a", "b")
	listener, err := s.Listen(t.Context(), "b", "tcp4", ":7001")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nobody listens any more
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer s.Heal()
			before := tt.bit(s.Counts("a", "b"))
			s.Between("a", "b", tt.rule)
			sent := bytes.Repeat([]byte(tt.name), 256<<10/len(tt.name))
			if got, want := sha256.Sum256(transfer(t, s, listener, sent)), sha256.Sum256(sent); got != want {
				t.Error("what arrived is not what was sent")
			}
			if tt.bit(s.Counts("a", "b")) == before {
				t.Errorf("the impairment did nothing: %+v", s.Counts("a", "b"))
			}
		})
	}
}

func transfer(t *testing.T, s *Switch, listener net.Listener, data []byte) (got []byte) {
	t.Helper()
	var all sync.WaitGroup
	all.Go(func() {
		c, err := listener.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close() //nolint:errcheck // read to its end
		if got, err = io.ReadAll(c); err != nil {
			t.Error(err)
		}
	})
	c, err := s.Dial(t.Context(), "a", "tcp4", net.JoinHostPort(s.Address("b").String(), "7001"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(data); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	return got
}

// Garbled octets pass TCP's checksum: the application sees them, as through a switch with bad memory.
func TestGarblePassesTCP(t *testing.T) {
	s := open(t, "a", "b")
	listener, err := s.Listen(t.Context(), "b", "tcp4", ":7001")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nobody listens any more
	s.Set("a", "b", Impairment{Garble: 1})
	sent := []byte("0123456789abcdef")
	got := transfer(t, s, listener, sent)
	if len(got) != len(sent) || bytes.Equal(got, sent) {
		t.Errorf("arrived %q, want %q with two of its words exchanged", got, sent)
	}
}

func TestMTU(t *testing.T) {
	const headers = 28 // IPv4 and UDP
	s := open(t, "a", "b")
	box := mailbox(t, s, "b")
	c := post(t, s, "a", "b", box)
	s.Set("a", "b", Impairment{MTU: 600})
	send(t, c, strings.Repeat("x", 601-headers))
	if got := receive(t, box, silence); got != "" {
		t.Errorf("a packet of 601 octets passed an MTU of 600")
	}
	send(t, c, strings.Repeat("x", 600-headers))
	if got := receive(t, box, 5*time.Second); len(got) != 600-headers {
		t.Errorf("%d octets passed an MTU of 600, want %d", len(got), 600-headers)
	}
	if got := s.Counts("a", "b").TooBig; got != 1 {
		t.Errorf("TooBig = %d, want 1", got)
	}
}

// A program inside has its host's address alone, and is the process that was started.
func TestCommand(t *testing.T) {
	s := open(t, "a", "b")
	cmd := s.Command(t.Context(), "b", "sh", "-c", "echo $$; cat /proc/net/fib_trie; exec sleep 60")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 16<<10)
	n, err := io.ReadAtLeast(out, text, 400)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text[:n]), "\n")
	if lines[0] != strconv.Itoa(cmd.Process.Pid) {
		t.Errorf("the program is process %s, want %d", lines[0], cmd.Process.Pid)
	}
	if got := strings.Join(lines, "\n"); !strings.Contains(got, "10.77.0.2") || strings.Contains(got, "10.77.0.1\n") {
		t.Errorf("its network:\n%s", got)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if got := cmd.ProcessState.Sys().(syscall.WaitStatus); got.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v, want SIGTERM", cmd.ProcessState)
	}
}

// This process stays where it was, whatever it does inside.
func TestThreadsStayOutside(t *testing.T) {
	began := time.Now()
	before, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, "a", "b")
	for range 20 {
		ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
		c, err := s.Dial(ctx, "a", "tcp4", net.JoinHostPort(s.Address("b").String(), "9"))
		stop()
		if err == nil {
			_ = c.Close()
			t.Fatal("somebody listens at port 9")
		}
	}
	for astray := strays(t, before); len(astray) > 0; astray = strays(t, before) { // threads take a moment to end
		if time.Since(began) > 10*time.Second {
			t.Fatalf("threads %v are not in %s", astray, before)
		}
		time.Sleep(time.Millisecond)
	}
}

// strays are the threads of this process outside a namespace.
func strays(t *testing.T, space string) (threads []string) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range all {
		at, err := os.Readlink(fmt.Sprintf("/proc/self/task/%s/ns/net", thread.Name()))
		if err == nil && at != space {
			threads = append(threads, thread.Name())
		}
	}
	return threads
}
