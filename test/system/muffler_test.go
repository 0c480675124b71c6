package system

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// muffler is a cable that can swallow what comes back: questions arrive, answers are lost.
type muffler struct {
	target   string
	listener net.Listener
	muffled  atomic.Bool
	lost     atomic.Int64 // octets
	work     sync.WaitGroup

	mu     sync.Mutex // guards everything that follows
	closed bool
	conns  []net.Conn
}

// newMuffler lays the cable. It is taken away with the test.
func newMuffler(t *testing.T, target string) *muffler {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	m := &muffler{target: target, listener: l}
	m.work.Go(m.accept)
	t.Cleanup(func() {
		m.mu.Lock()
		m.closed = true
		m.mu.Unlock()
		l.Close()
		m.breakAll()
		m.work.Wait()
	})
	return m
}

// breakAll ends every connection, and lets answers through from then on.
func (m *muffler) breakAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.muffled.Store(false)
	for _, c := range m.conns {
		c.Close()
	}
	m.conns = nil
}

func (m *muffler) accept() {
	for {
		near, err := m.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", m.target)
		if err != nil || !m.keep(near, far) {
			near.Close()
			continue
		}
		m.work.Go(func() { m.carry(far, near, false) })
		m.work.Go(func() { m.carry(near, far, true) })
	}
}

// keep remembers a connection; false when the cable is being taken away.
func (m *muffler) keep(near, far net.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		far.Close()
		return false
	}
	m.conns = append(m.conns, near, far)
	return true
}

// carry moves octets until one end closes. It loses answers while muffled, the end of a connection among them.
func (m *muffler) carry(to, from net.Conn, answers bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if answers && m.muffled.Load() {
			m.lost.Add(int64(n))
		} else if _, failed := to.Write(buffer[:n]); failed != nil {
			err = io.ErrClosedPipe
		}
		if err != nil {
			break
		}
	}
	if !answers || !m.muffled.Load() {
		to.Close()
	}
}
