// Package wire is a network in memory for tests in fake time: hosts that dial one another, with delay, lines that are cut in one
// direction or both, and hosts that lose their power. It carries streams of octets and knows nothing of what they mean.
//
// A goroutine that waits here waits on channels and timers alone, so that the fake time of testing/synctest goes on; and nobody
// ever waits for a write, because many writers hold a lock.
package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Network is a number of hosts. Addresses are host:port.
type Network struct {
	delay func(from, to string) time.Duration

	mu        sync.Mutex // guards everything that follows, and every end
	listeners map[string]*listener
	ends      map[*end]struct{}
	cut       map[route]bool
	dark      map[string]bool // hosts without power
	changed   chan struct{}   // closed and replaced whenever anything above changes, but for octets under way
}

type route struct{ from, to string }

// New makes a network in which octets take delay from one host to another; nil is no time at all.
func New(delay func(from, to string) time.Duration) *Network {
	if delay == nil {
		delay = func(string, string) time.Duration { return 0 }
	}
	return &Network{
		delay: delay, listeners: map[string]*listener{}, ends: map[*end]struct{}{},
		cut: map[route]bool{}, dark: map[string]bool{}, changed: make(chan struct{}),
	}
}

// Cut holds back what goes from one host to another, until Heal. It is not lost: TCP would send it again.
func (n *Network) Cut(from, to string) { n.set(func() { n.cut[route{from, to}] = true }) }

// Heal lets what was held back arrive.
func (n *Network) Heal(from, to string) { n.set(func() { delete(n.cut, route{from, to}) }) }

// Down takes a host's power away: its own connections and listeners fail at once, those of its peers fall silent.
func (n *Network) Down(host string) {
	n.set(func() {
		n.dark[host] = true
		for address, l := range n.listeners {
			if l.host == host {
				l.closed = true
				delete(n.listeners, address)
			}
		}
		for e := range n.ends {
			if e.host == host {
				e.broken = net.ErrClosed
			}
		}
	})
}

// Up gives a host its power back. It knows nothing of the connections it had, and says so to whoever still has one.
func (n *Network) Up(host string) {
	n.set(func() {
		delete(n.dark, host)
		for e := range n.ends {
			if e.peer.host == host && e.peer.broken != nil {
				e.broken = syscall.ECONNRESET
			}
		}
	})
}

func (n *Network) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
	n.notifyLocked()
	for e := range n.ends {
		e.notifyLocked()
	}
}

// notifyLocked wakes who dials and who accepts.
func (n *Network) notifyLocked() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// passesLocked reports whether octets get from one host to another now.
func (n *Network) passesLocked(from, to string) bool {
	return !n.cut[route{from, to}] && !n.dark[from] && !n.dark[to]
}

// Listen opens a port.
func (n *Network) Listen(address string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[address] != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, syscall.EADDRINUSE)
	}
	l := &listener{network: n, host: host, address: address}
	n.listeners[address] = l
	n.notifyLocked()
	return l, nil
}

// Dial connects a host with an address. It waits while the way there or back is cut, and is refused where nobody listens.
func (n *Network) Dial(ctx context.Context, from, to string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(to)
	if err != nil {
		return nil, err
	}
	for {
		conn, changed, err := n.tryDial(from, host, to)
		if conn != nil || err != nil {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("dial %s: %w", to, ctx.Err())
		case <-changed:
		}
	}
}

func (n *Network) tryDial(from, host, to string) (net.Conn, <-chan struct{}, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dark[from] {
		return nil, nil, fmt.Errorf("dial %s: %w", to, syscall.ENETDOWN)
	}
	if !n.passesLocked(from, host) || !n.passesLocked(host, from) {
		return nil, n.changed, nil
	}
	l := n.listeners[to]
	if l == nil {
		return nil, nil, fmt.Errorf("dial %s: %w", to, syscall.ECONNREFUSED)
	}
	here, there := newEnd(n, from), newEnd(n, host)
	here.peer, there.peer = there, here
	n.ends[here], n.ends[there] = struct{}{}, struct{}{}
	l.waiting = append(l.waiting, there)
	n.notifyLocked()
	return here, nil, nil
}

type listener struct {
	network       *Network
	host, address string
	waiting       []*end // guarded by the network's mu, as is closed
	closed        bool
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		l.network.mu.Lock()
		changed, closed := l.network.changed, l.closed
		var e *end
		if len(l.waiting) > 0 && !closed {
			e, l.waiting = l.waiting[0], l.waiting[1:]
		}
		l.network.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		if e != nil {
			return e, nil
		}
		<-changed
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.network.set(func() {
		l.closed = true
		if l.network.listeners[l.address] == l {
			delete(l.network.listeners, l.address)
		}
	})
	return nil
}

// Addr implements net.Listener.
func (l *listener) Addr() net.Addr { return address(l.address) }

type address string

// Network implements net.Addr.
func (address) Network() string { return "tcp" }

// String implements net.Addr.
func (a address) String() string { return string(a) }

// end is one end of a connection. The network's mu guards it.
type end struct {
	network *Network
	host    string
	peer    *end

	changed chan struct{} // closed and replaced whenever anything below changes
	inbox   []chunk
	broken  error // why nothing can be sent or received any more
	readBy  time.Time
	writeBy time.Time
}

func newEnd(n *Network, host string) *end {
	return &end{network: n, host: host, changed: make(chan struct{})}
}

// notifyLocked wakes who reads here.
func (e *end) notifyLocked() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// chunk is what one write sent; none at all is the end of the stream.
type chunk struct {
	octets []byte
	due    time.Time
}

// Read implements net.Conn.
func (e *end) Read(b []byte) (int, error) {
	for {
		k, done, err := e.tryRead(b)
		if done {
			return k, err
		}
	}
}

// tryRead reads, or waits for a change and is to be called again.
func (e *end) tryRead(b []byte) (k int, done bool, err error) {
	n := e.network
	n.mu.Lock()
	k, done, wait, err := e.takeLocked(b)
	changed := e.changed
	n.mu.Unlock()
	if done {
		return k, true, err
	}
	if wait < 0 {
		<-changed
		return 0, false, nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	}
	return 0, false, nil
}

// takeLocked takes what has arrived. Otherwise it says how long to wait, below 0 for ever.
func (e *end) takeLocked(b []byte) (k int, done bool, wait time.Duration, err error) {
	now, wait := time.Now(), time.Duration(-1)
	if !e.readBy.IsZero() {
		if wait = e.readBy.Sub(now); wait <= 0 {
			return 0, true, 0, os.ErrDeadlineExceeded
		}
	}
	if e.broken != nil {
		return 0, true, 0, e.broken
	}
	if len(e.inbox) == 0 || !e.network.passesLocked(e.peer.host, e.host) {
		return 0, false, wait, nil
	}
	c := &e.inbox[0]
	if left := c.due.Sub(now); left > 0 {
		if wait < 0 || left < wait {
			wait = left
		}
		return 0, false, wait, nil
	}
	if c.octets == nil {
		return 0, true, 0, io.EOF
	}
	k = copy(b, c.octets)
	if c.octets = c.octets[k:]; len(c.octets) == 0 {
		e.inbox = e.inbox[1:]
	}
	return k, true, 0, nil
}

// Write implements net.Conn. It never waits.
func (e *end) Write(b []byte) (int, error) {
	n := e.network
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case e.broken != nil:
		return 0, e.broken
	case !e.writeBy.IsZero() && !time.Now().Before(e.writeBy):
		return 0, os.ErrDeadlineExceeded
	case errors.Is(e.peer.broken, net.ErrClosed) && !n.dark[e.peer.host]:
		return 0, syscall.EPIPE
	}
	e.sendLocked(append([]byte{}, b...))
	return len(b), nil
}

func (e *end) sendLocked(octets []byte) {
	if octets != nil && len(octets) == 0 {
		return
	}
	n := e.network
	e.peer.inbox = append(e.peer.inbox, chunk{octets: octets, due: time.Now().Add(n.delay(e.host, e.peer.host))})
	e.peer.notifyLocked()
}

// Close implements net.Conn. What was written still arrives, and then the end of the stream.
func (e *end) Close() error {
	n := e.network
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ends, e)
	if e.broken == nil {
		e.sendLocked(nil)
	}
	e.broken = net.ErrClosed
	e.notifyLocked()
	return nil
}

// LocalAddr implements net.Conn.
func (e *end) LocalAddr() net.Addr { return address(net.JoinHostPort(e.host, "0")) }

// RemoteAddr implements net.Conn.
func (e *end) RemoteAddr() net.Addr { return address(net.JoinHostPort(e.peer.host, "0")) }

// SetDeadline implements net.Conn.
func (e *end) SetDeadline(t time.Time) error { return e.limit(func() { e.readBy, e.writeBy = t, t }) }

// SetReadDeadline implements net.Conn.
func (e *end) SetReadDeadline(t time.Time) error { return e.limit(func() { e.readBy = t }) }

// SetWriteDeadline implements net.Conn.
func (e *end) SetWriteDeadline(t time.Time) error { return e.limit(func() { e.writeBy = t }) }

func (e *end) limit(set func()) error {
	e.network.mu.Lock()
	defer e.network.mu.Unlock()
	set()
	e.notifyLocked()
	return nil
}
