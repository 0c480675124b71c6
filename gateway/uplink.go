package gateway

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/forward"
	"github.com/rollcall-edge/rollcall/gateway/identity"
)

// Patience with the network below a request. Pings find a connection that died silently, as behind a cut cable, within
// seconds; a request alone would hold on to it until its own end.
const (
	dialWithin      = 5 * time.Second
	handshakeWithin = 10 * time.Second
	idleWithin      = 90 * time.Second
	pingAfter       = 5 * time.Second
	pingWithin      = 5 * time.Second
)

// dialler makes connections, as net.Dialer does.
type dialler func(ctx context.Context, network, address string) (net.Conn, error)

// newClient makes the client of central's gateway listener. What it proves itself with is asked at every handshake.
func newClient(base string, dial dialler, identity func() *tls.Config) (client *contract.Client, hangUp func()) {
	t := &renewable{dial: dial, identity: identity}
	t.current = t.transport()
	return &contract.Client{HTTP: &http.Client{Transport: t, CheckRedirect: stay}, Base: base}, t.hangUp
}

// renewable is a transport whose connections can be left behind. To close those that are idle is not enough: long polls keep
// a connection of HTTP/2 busy for as long as there is one, and it would outlive the certificate it was made with.
type renewable struct {
	dial     dialler
	identity func() *tls.Config

	mu      sync.Mutex // guards everything that follows
	current *http.Transport
	left    *http.Transport // the one before, which may still be busy
}

// RoundTrip implements http.RoundTripper.
func (r *renewable) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	t := r.current
	r.mu.Unlock()
	return t.RoundTrip(q)
}

// hangUp makes every request from now on use another connection. What is under way comes to its end on the one it has, which
// closes once nobody has used it for idleWithin.
func (r *renewable) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range []*http.Transport{r.left, r.current} {
		if t != nil {
			t.CloseIdleConnections()
		}
	}
	r.left, r.current = r.current, r.transport()
}

func (r *renewable) transport() *http.Transport {
	return &http.Transport{
		DialTLSContext:    r.connect,
		IdleConnTimeout:   idleWithin,
		ForceAttemptHTTP2: true,
		HTTP2:             &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingWithin},
	}
}

func (r *renewable) connect(ctx context.Context, network, address string) (net.Conn, error) {
	raw, err := r.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := r.identity()
	c.ServerName, _, _ = net.SplitHostPort(address) // net/http has just joined the two
	c.NextProtos = []string{"h2", "http/1.1"}
	conn := tls.Client(raw, c)
	ctx, cancel := context.WithTimeout(ctx, handshakeWithin)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close() // the handshake's error says more
		return nil, err
	}
	return conn, nil
}

// stay follows no redirect: central never sends one, and what stands in between and does is not to be given our records.
func stay(*http.Request, []*http.Request) error {
	return http.ErrUseLastResponse
}

// report is what central is told every ten seconds.
func (g *Gateway) report() contract.Report {
	now := g.clock.Stamp(g.clock.Now())
	r := contract.Report{
		Version: contract.ReportVersion, Build: g.o.Version, At: now.At, Quality: now.Quality.String(), ClockTrouble: g.clock.Warning(),
		Certificate: g.identity.State(),
		Streams:     []contract.StreamState{{Stream: g.journal.Stream(), Durable: g.journal.Durable(), Own: true}},
	}
	r.Day, _ = g.shelf.Last()
	if g.cluster != nil {
		r.Cluster = new(g.cluster.Report())
	}
	if g.witness != nil {
		r.Cosigned = g.witness.Cosigned()
	}
	if x := g.timetable.Index(); x != nil {
		r.Timetable = x.Version()
	}
	for _, replica := range g.replicas() {
		if replica.Stream != r.Streams[0].Stream && replica.Replicated > 0 {
			r.Streams = append(r.Streams, contract.StreamState{Stream: replica.Stream, Durable: replica.Replicated})
		}
	}
	for _, s := range g.capture.Status() {
		r.Points = append(r.Points, contract.PointReport{Point: s.Reader, Up: s.Up, Trouble: s.Trouble})
	}
	return r
}

func (g *Gateway) replicas() []forward.Replica {
	if g.cluster == nil {
		return nil
	}
	return replicas{g.cluster}.Replicas()
}

// timeteller lets the identity learn from every exchange with central what time it must be, whatever was asked and answered: a
// refusal tells it too.
type timeteller struct {
	http.RoundTripper
	identity *identity.Identity
}

// RoundTrip implements http.RoundTripper.
func (t timeteller) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := t.RoundTripper.RoundTrip(r)
	if err != nil {
		t.identity.Learn(err)
		return nil, err
	}
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		t.identity.NotBefore(at)
	}
	return answer, nil
}
