// Package proxy is a length of cable that can be cut: a TCP port whose connections reach another port, until somebody cuts
// it. A cut cable carries nothing and says nothing: connections stay open and silent, as behind a dead switch, and what was
// sent meanwhile arrives after healing. It looks into no octet.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	dialWithin  = 5 * time.Second
	acceptAgain = 50 * time.Millisecond
)

// Cable is one direction of dialling: from whoever dials Addr to its target. It is a holder: Close ends what Open started.
type Cable struct {
	target string
	ln     net.Listener
	alive  context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	passed atomic.Int64 // octets, both directions

	mu    sync.Mutex    // guards everything that follows
	whole chan struct{} // closed while the cable is whole
	cut   bool
	held  int // chunks and connections that met the cut
	conns map[net.Conn]struct{}
}

// Open lays a cable from a free port of this machine to the address target.
func Open(target string) (*Cable, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lay cable to %s: %w", target, err)
	}
	c := &Cable{target: target, ln: ln, whole: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(c.whole)
	c.alive, c.cancel = context.WithCancel(context.Background())
	c.work.Go(c.accept)
	return c, nil
}

// Addr is where the cable begins.
func (c *Cable) Addr() string { return c.ln.Addr().String() }

// Cut lets nothing through any more.
func (c *Cable) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.cut {
		c.cut, c.whole, c.held = true, make(chan struct{}), 0
	}
}

// Heal joins the cable. What waited goes on.
func (c *Cable) Heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut {
		c.cut = false
		close(c.whole)
	}
}

// Held is how many pieces of data and new connections the last cut has stopped: 0 means nobody noticed it.
func (c *Cable) Held() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// Passed is how many octets went through, in both directions.
func (c *Cable) Passed() int64 { return c.passed.Load() }

// Close takes the cable away and ends its connections.
func (c *Cable) Close() error {
	c.cancel()
	err := c.ln.Close()
	c.mu.Lock()
	for conn := range c.conns {
		conn.Close()
	}
	c.mu.Unlock()
	c.work.Wait()
	if err != nil {
		return fmt.Errorf("take cable away: %w", err)
	}
	return nil
}

func (c *Cable) accept() {
	for {
		conn, err := c.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors for a moment, say
			select {
			case <-c.alive.Done():
				return
			case <-time.After(acceptAgain):
				continue
			}
		}
		if c.keep(conn) {
			c.work.Go(func() { c.carry(conn) })
		}
	}
}

// keep remembers a connection, so that Close can end it.
func (c *Cable) keep(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alive.Err() != nil {
		conn.Close()
		return false
	}
	c.conns[conn] = struct{}{}
	return true
}

func (c *Cable) drop(conn net.Conn) {
	conn.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
}

func (c *Cable) carry(near net.Conn) {
	defer c.drop(near)
	if !c.pass() {
		return
	}
	dialer := net.Dialer{Timeout: dialWithin}
	far, err := dialer.DialContext(c.alive, "tcp", c.target)
	if err != nil || !c.keep(far) {
		return // nobody is there: the caller sees the connection end
	}
	defer c.drop(far)
	var there sync.WaitGroup
	there.Go(func() { c.copy(far, near) })
	c.copy(near, far)
	there.Wait()
}

// copy moves octets until one end closes, and then closes the other.
func (c *Cable) copy(to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !c.pass() {
				return
			}
			c.passed.Add(int64(n)) // before they can be heard at the other end
			if _, err := to.Write(buffer[:n]); err != nil {
				from.Close()
				return
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				c.pass() // the end of a connection is news too: a cut cable does not carry it
			}
			return
		}
	}
}

// pass waits while the cable is cut; false when it is taken away.
func (c *Cable) pass() bool {
	c.mu.Lock()
	whole := c.whole
	if c.cut {
		c.held++
	}
	c.mu.Unlock()
	select {
	case <-c.alive.Done():
		return false
	case <-whole:
		return true
	}
}
