package replicate

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

const (
	handshakeWithin = 5 * time.Second
	maxHandshakes   = 32 // at once, so that strangers cannot take all memory
	acceptAgain     = 100 * time.Millisecond
)

// port is the one TLS port of a gateway's replication: Raft and the ship protocol by ALPN, nothing before the peer has
// proven to be a member. Without a listener, in a cluster of one, it only dials.
type port struct {
	self    Member
	members members
	tls     TLS
	log     *slog.Logger
	ln      net.Listener
	dial    func(ctx context.Context, address string) (net.Conn, error)
	serve   func(net.Conn) // one ship connection; it returns when the connection ends

	raft    chan net.Conn   // accepted, for Raft
	alive   context.Context // ends with stop
	cancel  context.CancelFunc
	quiet   chan struct{} // closed when Raft accepts no more
	work    sync.WaitGroup
	silence sync.Once

	mu    sync.Mutex // guards everything that follows
	conns map[*trackedConn]struct{}
	ended bool
}

func newPort(self Member, ms members, t TLS, log *slog.Logger) *port {
	p := &port{
		self: self, members: ms, tls: t, log: log,
		raft: make(chan net.Conn), quiet: make(chan struct{}), conns: map[*trackedConn]struct{}{},
	}
	p.alive, p.cancel = context.WithCancel(context.Background())
	return p
}

// start accepts connections from ln until stop.
func (p *port) start(ln net.Listener, serve func(net.Conn)) {
	p.ln, p.serve = ln, serve
	p.work.Go(p.accept)
}

func (p *port) accept() {
	slots := make(chan struct{}, maxHandshakes)
	for {
		raw, err := p.ln.Accept()
		if err != nil {
			if !p.pause() {
				return
			}
			continue
		}
		conn, ok := p.track(raw)
		if !ok {
			return
		}
		select {
		case slots <- struct{}{}:
		default:
			conn.Close()
			continue
		}
		p.work.Go(func() { p.welcome(conn, func() { <-slots }) })
	}
}

// pause waits a moment after a failed accept; false when the port is closing.
func (p *port) pause() bool {
	wait := time.NewTimer(acceptAgain)
	defer wait.Stop()
	select {
	case <-p.alive.Done():
		return false
	case <-wait.C:
		return true
	}
}

// welcome proves the peer and hands the connection to its protocol.
func (p *port) welcome(raw net.Conn, shaken func()) {
	conn := tls.Server(raw, p.tls.server(p.members))
	protocol, err := shake(p.alive, conn)
	shaken()
	if err != nil {
		p.log.Debug("peer refused", slog.String("from", raw.RemoteAddr().String()), slog.Any("error", err))
		conn.Close()
		return
	}
	switch protocol {
	case protocolShip:
		p.serve(conn)
		conn.Close()
	case protocolRaft:
		p.lend(conn)
	default:
		conn.Close()
	}
}

// lend gives a connection to Raft and returns when Raft has closed it, which is the last thing its handler does.
func (p *port) lend(conn net.Conn) {
	l := &lentConn{Conn: conn, back: make(chan struct{})}
	select {
	case p.raft <- l:
		<-l.back
	case <-p.quiet:
		conn.Close()
	}
}

type lentConn struct {
	net.Conn
	once sync.Once
	back chan struct{}
}

// Close implements net.Conn.
func (c *lentConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { close(c.back) })
	return err
}

// shake does the handshake in bounded time.
func shake(ctx context.Context, conn *tls.Conn) (protocol string, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeWithin)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return "", fmt.Errorf("handshake: %w", err)
	}
	return conn.ConnectionState().NegotiatedProtocol, nil
}

// open dials a member for one protocol.
func (p *port) open(ctx context.Context, peer Member, protocol string) (net.Conn, error) {
	raw, err := p.dial(ctx, peer.Address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", peer.ID, err)
	}
	tracked, ok := p.track(raw)
	if !ok {
		return nil, ErrClosed
	}
	conn := tls.Client(tracked, p.tls.client(peer.ID, protocol))
	got, err := shake(ctx, conn)
	if err == nil && got != protocol {
		err = fmt.Errorf("protocol %q: %w", got, ErrProtocol)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to %s: %w", peer.ID, err)
	}
	return conn, nil
}

// track remembers a connection until it is closed; ok is false, and the connection closed, when the port is.
func (p *port) track(conn net.Conn) (tracked net.Conn, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		conn.Close()
		return nil, false
	}
	t := &trackedConn{Conn: conn, port: p}
	p.conns[t] = struct{}{}
	return t, true
}

type trackedConn struct {
	net.Conn
	port *port
}

// Close implements net.Conn.
func (c *trackedConn) Close() error {
	c.port.mu.Lock()
	delete(c.port.conns, c)
	c.port.mu.Unlock()
	return c.Conn.Close()
}

// stop ends every connection, takes no more, and does not wait: Raft's goroutines come back from their calls by it.
func (p *port) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.ended = true
	p.cancel()
	if p.ln != nil {
		p.ln.Close()
	}
	for c := range p.conns {
		c.Conn.Close()
	}
}

// wait returns when nothing that start began still runs.
func (p *port) wait() { p.work.Wait() }

// raftLayer is the port as Raft's network transport sees it.
type raftLayer struct{ *port }

var _ raft.StreamLayer = raftLayer{}

// Accept implements net.Listener.
func (l raftLayer) Accept() (net.Conn, error) {
	select {
	case conn := <-l.raft:
		return conn, nil
	case <-l.quiet:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener for Raft's part alone.
func (l raftLayer) Close() error {
	l.silence.Do(func() { close(l.quiet) })
	return nil
}

// Addr implements net.Listener: where peers find this gateway, whatever address it listens on.
func (l raftLayer) Addr() net.Addr { return address(l.self.Address) }

// Dial implements raft.StreamLayer. Raft knows peers by address; who must answer there says the member list.
func (l raftLayer) Dial(to raft.ServerAddress, within time.Duration) (net.Conn, error) {
	peer, ok := l.members.byAddress(string(to))
	if !ok {
		return nil, fmt.Errorf("%s: %w", to, ErrStranger)
	}
	ctx, cancel := context.WithTimeout(l.alive, within)
	defer cancel()
	return l.open(ctx, peer, protocolRaft)
}

// address is a configured host:port.
type address string

// Network implements net.Addr.
func (address) Network() string { return "tcp" }

// String implements net.Addr.
func (a address) String() string { return string(a) }
