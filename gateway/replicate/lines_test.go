package replicate

import (
	"context"
	"errors"
	"net"
	"sync"
)

var errCut = errors.New("line is cut")

// lines are the network between the gateways of a test. A gateway that is cut off reaches nobody and nobody reaches it.
type lines struct {
	mu    sync.Mutex // guards everything that follows
	cut   map[string]bool
	conns map[net.Conn][2]string
}

func newLines() *lines { return &lines{cut: map[string]bool{}, conns: map[net.Conn][2]string{}} }

// dial is how gateway from reaches an address, which belongs to gateway to[address].
func (l *lines) dial(from string, to func(address string) string) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		ends := [2]string{from, to(address)}
		if l.isCut(ends) {
			return nil, errCut
		}
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.cut[ends[0]] || l.cut[ends[1]] {
			conn.Close()
			return nil, errCut
		}
		c := &line{Conn: conn, lines: l}
		l.conns[c] = ends
		return c, nil
	}
}

func (l *lines) isCut(ends [2]string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut[ends[0]] || l.cut[ends[1]]
}

// isolate breaks the connections of a gateway and lets it make no more.
func (l *lines) isolate(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut[id] = true
	for c, ends := range l.conns {
		if ends[0] == id || ends[1] == id {
			c.(*line).Conn.Close()
		}
	}
}

// heal gives a gateway its lines back.
func (l *lines) heal(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.cut, id)
}

type line struct {
	net.Conn
	lines *lines
}

func (c *line) Close() error {
	c.lines.mu.Lock()
	delete(c.lines.conns, c)
	c.lines.mu.Unlock()
	return c.Conn.Close()
}
