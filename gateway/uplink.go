package gateway

import (
	"crypto/tls"
	"net"
	"net/http"
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

// newClient makes the client of central's gateway listener.
func newClient(base string, c *tls.Config) (client *contract.Client, hangUp func()) {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialWithin}).DialContext,
		TLSClientConfig:     c,
		TLSHandshakeTimeout: handshakeWithin,
		IdleConnTimeout:     idleWithin,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingWithin},
	}
	client = &contract.Client{HTTP: &http.Client{Transport: transport, CheckRedirect: stay}, Base: base}
	return client, transport.CloseIdleConnections
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
		Streams: []contract.StreamState{{Stream: g.journal.Stream(), Durable: g.journal.Durable(), Own: true}},
	}
	r.Day, _ = g.shelf.Last()
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
