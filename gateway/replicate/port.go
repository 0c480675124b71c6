package replicate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

const (
	handshakeWithin = 5 * time.Second
	maxHandshakes   = 32 // at once, so that strangers cannot take all memory
	acceptAgain     = 100 * time.Millisecond
)

// port is the one TLS port of a gateway's replication: Raft, the ship and the talk protocol by ALPN, nothing before the peer has
// proven to be a member. Without a listener it only dials.
type port struct {
	self      Member
	roster    *roster
	tls       TLS
	log       *slog.Logger
	ln        net.Listener
	dial      func(ctx context.Context, address string) (net.Conn, error)
	ship      func(net.Conn) // serves one connection of that protocol; it returns when the connection ends
	talk      func(net.Conn) // likewise
	protocols []string       // that it knows

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

func newPort(self Member, b *roster, t TLS, log *slog.Logger) *port {
	p := &port{
		self: self, roster: b, tls: t, log: log,
		protocols: []string{protocolRaft, protocolShip, protocolTalk},
		raft:      make(chan net.Conn), quiet: make(chan struct{}), conns: map[*trackedConn]struct{}{},
	}
	p.alive, p.cancel = context.WithCancel(context.Background())
	return p
}

// start accepts connections from ln until stop.
func (p *port) start(ln net.Listener, ship, talk func(net.Conn)) {
	p.ln, p.ship, p.talk = ln, ship, talk
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
func (p *port) welcome(raw *trackedConn, shaken func()) {
	conn := tls.Server(raw, p.tls.server(p.roster, p.protocols))
	protocol, err := p.tls.shake(p.alive, conn)
	shaken()
	if err != nil {
		p.log.Debug("peer refused", slog.String("from", raw.RemoteAddr().String()), slog.Any("error", err))
		conn.Close()
		return
	}
	p.proven(raw, conn)
	switch protocol {
	case protocolShip:
		p.ship(conn)
		conn.Close()
	case protocolTalk:
		p.talk(conn)
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
func (t TLS) shake(ctx context.Context, conn *tls.Conn) (protocol string, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeWithin)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		if t.Learn != nil {
			t.Learn(err)
		}
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
	got, err := p.tls.shake(ctx, conn)
	if err == nil && got != protocol {
		err = fmt.Errorf("protocol %q: %w", got, ErrProtocol)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to %s: %w", peer.ID, err)
	}
	p.proven(tracked, conn)
	return conn, nil
}

// proven notes by which certificate the peer of a connection was believed, and looks once more: it may have been refused
// since the handshake looked.
func (p *port) proven(t *trackedConn, conn *tls.Conn) {
	p.mu.Lock()
	t.leaf = conn.ConnectionState().PeerCertificates[0]
	p.mu.Unlock()
	if err := p.doubt(t.leaf); err != nil {
		p.end(t, err)
	}
}

// doubt says why the holder of a certificate would be refused now.
func (p *port) doubt(leaf *x509.Certificate) error {
	id, ok := memberOf(leaf, p.roster)
	if !ok {
		return fmt.Errorf("certificate for %q: %w", leaf.DNSNames, ErrStranger)
	}
	return p.tls.refused(id, []*x509.Certificate{leaf})
}

// sweep ends the connections of those who would be refused now.
func (p *port) sweep() {
	p.mu.Lock()
	open := slices.Collect(maps.Keys(p.conns))
	p.mu.Unlock()
	for _, t := range open {
		p.mu.Lock()
		leaf := t.leaf
		p.mu.Unlock()
		if leaf == nil {
			continue
		}
		if err := p.doubt(leaf); err != nil {
			p.end(t, err)
		}
	}
}

func (p *port) end(t *trackedConn, why error) {
	p.log.Info("connection of a peer ended", slog.Any("peer", t.leaf.DNSNames), slog.Any("error", why))
	t.Close()
}

// track remembers a connection until it is closed; ok is false, and the connection closed, when the port is.
func (p *port) track(conn net.Conn) (tracked *trackedConn, ok bool) {
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
	leaf *x509.Certificate // by which the peer was believed; nil before
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
	peer, ok := l.roster.byAddress(string(to))
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
