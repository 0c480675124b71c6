package replicate

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// newTestPort listens as gw-1 of two and answers every ship command with codeDone.
func newTestPort(t *testing.T, a *authority, tune ...func(*TLS)) *port {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ms := members{{"gw-1", ln.Addr().String()}, {"gw-2", "127.0.0.1:1"}}
	with := a.tls(a.gateway(t, "gw-1"))
	for _, f := range tune {
		f(&with)
	}
	p := newPort(ms[0], newRoster(Desired{Voters: ms}), with, slog.New(slog.DiscardHandler))
	p.start(ln, func(conn net.Conn) {
		_ = hear(conn, func([]byte) answer { return answer{through: 42} })
	}, func(conn net.Conn) {
		_ = answerTalk(conn, func(question) reply { return reply{} })
	})
	t.Cleanup(func() {
		p.stop()
		raftLayer{p}.Close()
		p.wait()
	})
	return p
}

// newDialer is gw-2 with its own TLS, knowing the port under test by the name it has in ms.
func newDialer(t *testing.T, with TLS, ms members) *caller {
	t.Helper()
	p := newPort(Member{ID: "gw-2"}, newRoster(Desired{Voters: ms}), with, slog.New(slog.DiscardHandler))
	p.dial = func(ctx context.Context, address string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	t.Cleanup(p.stop)
	c := newCaller(p)
	t.Cleanup(c.close)
	return c
}

// Who may talk to a gateway's replication port, and whom a gateway takes for its peer.
func TestWhoIsAPeer(t *testing.T) {
	campus, foreign := newAuthority(t), newAuthority(t)
	later := time.Now().Add(time.Hour)
	host := contract.GatewayHost
	server := newTestPort(t, campus)
	for _, tt := range []struct {
		name string
		with TLS
		peer string // who the dialler thinks is there
		ok   bool
		says string // in the error, on either side's account
	}{
		{name: "a member", with: campus.tls(campus.gateway(t, "gw-2")), peer: "gw-1", ok: true},
		{name: "one of its names is a member's", with: campus.tls(campus.issue(t, later, "x.example", host("gw-2"))), peer: "gw-1", ok: true},
		{name: "certificate of a foreign authority", with: TLS{Certificate: foreign.tls(foreign.gateway(t, "gw-2")).Certificate, Authority: campus.pool}, peer: "gw-1", says: "unknown certificate authority"},
		{name: "expired certificate", with: campus.tls(campus.issue(t, time.Now().Add(-time.Minute), host("gw-2"))), peer: "gw-1", says: "expired certificate"},
		{name: "a gateway of another cluster", with: campus.tls(campus.gateway(t, "gw-9")), peer: "gw-1", says: "bad certificate"},
		{name: "a wildcard is no member", with: campus.tls(campus.issue(t, later, host("*"))), peer: "gw-1", says: "bad certificate"},
		{name: "central is no gateway", with: campus.tls(campus.issue(t, later, "central.example")), peer: "gw-1", says: "bad certificate"},
		{name: "no certificate", with: TLS{Certificate: func() (*tls.Certificate, error) { return new(tls.Certificate), nil }, Authority: campus.pool}, peer: "gw-1", says: "certificate required"},
		{name: "the port belongs to another authority", with: TLS{Certificate: campus.tls(campus.gateway(t, "gw-2")).Certificate, Authority: foreign.pool}, peer: "gw-1", says: "unknown authority"},
		{name: "another gateway answers", with: campus.tls(campus.gateway(t, "gw-2")), peer: "gw-3", says: "not " + host("gw-3")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			peer := Member{tt.peer, server.self.Address}
			a, err := newDialer(t, tt.with, members{peer}).ask(t.Context(), peer, []byte("x"))
			if tt.ok {
				if err != nil || a.through != 42 {
					t.Errorf("ask = %+v, %v, want an answer", a, err)
				}
				return
			}
			if err == nil {
				t.Fatal("got an answer")
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error = %q, want it to say %q", err, tt.says)
			}
		})
	}
}

// A board that wakes in 1970 is told by its peer's certificate that time has passed, whichever of the two dials.
func TestPeersOfAClockThatWasNeverSet(t *testing.T) {
	a := newAuthority(t)
	var now atomic.Int64 // seconds; 0 is 1970
	unset := a.tls(a.gateway(t, "gw-2"))
	unset.Now = func() time.Time { return time.Unix(now.Load(), 0) }
	unset.Learn = func(err error) {
		refused, ok := errors.AsType[*tls.CertificateVerificationError](err)
		if !ok {
			t.Errorf("Learn was told %v, want why a certificate was refused", err)
			return
		}
		now.Store(refused.UnverifiedCertificates[0].NotBefore.Unix())
	}
	server := newTestPort(t, a)
	dials := newDialer(t, unset, members{server.self})
	if _, err := dials.ask(t.Context(), server.self, []byte("x")); err == nil {
		t.Error("a certificate that is not valid yet was believed at once")
	}
	if _, err := dials.ask(t.Context(), server.self, []byte("x")); err != nil {
		t.Errorf("ask after it learnt the time = %v", err)
	}

	now.Store(0)
	server = newTestPort(t, a, func(with *TLS) { with.Now, with.Learn = unset.Now, unset.Learn })
	dialled := newDialer(t, a.tls(a.gateway(t, "gw-2")), members{server.self})
	if _, err := dialled.ask(t.Context(), server.self, []byte("x")); err == nil {
		t.Error("a certificate that is not valid yet was believed at once")
	}
	if _, err := dialled.ask(t.Context(), server.self, []byte("x")); err != nil {
		t.Errorf("answer after it learnt the time = %v", err)
	}
}

// Nothing is read from a peer before it has proven itself.
func TestPortRefusesPlainTCP(t *testing.T) {
	server := newTestPort(t, newAuthority(t))
	conn, err := net.Dial("tcp", server.self.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("\x00\x00\x00\x12 rollcall, plain")); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	if len(got) > 7 { // a TLS alert is 7 octets
		t.Errorf("the port answered %d octets: %x", len(got), got)
	}
}

func TestPortWantsAKnownProtocol(t *testing.T) {
	a := newAuthority(t)
	server := newTestPort(t, a)
	cert := a.gateway(t, "gw-2")
	for _, protos := range [][]string{nil, {"h2"}} {
		conn, err := tls.Dial("tcp", server.self.Address, &tls.Config{
			RootCAs: a.pool(), ServerName: contract.GatewayHost("gw-1"), Certificates: []tls.Certificate{*cert}, NextProtos: protos,
		})
		if err == nil {
			_, err = conn.Read(make([]byte, 1))
			conn.Close()
		}
		if err == nil {
			t.Errorf("protocols %v were served", protos)
		}
	}
	_, err := tls.Dial("tcp", server.self.Address, &tls.Config{
		RootCAs: a.pool(), ServerName: contract.GatewayHost("gw-1"), Certificates: []tls.Certificate{*cert},
		NextProtos: []string{protocolShip}, MaxVersion: tls.VersionTLS12,
	})
	if err == nil {
		t.Error("TLS 1.2 was accepted")
	}
}

// A renewed certificate is used for the next connection, without a restart.
func TestCertificateIsRenewedWithoutRestart(t *testing.T) {
	a := newAuthority(t)
	server := newTestPort(t, a)
	var cert atomic.Pointer[tls.Certificate]
	cert.Store(a.issue(t, time.Now().Add(-time.Second), contract.GatewayHost("gw-2")))
	with := a.tls(nil)
	with.Certificate = func() (*tls.Certificate, error) { return cert.Load(), nil }
	c := newDialer(t, with, members{server.self})
	if _, err := c.ask(t.Context(), server.self, []byte("x")); err == nil {
		t.Fatal("an expired certificate was accepted")
	}
	cert.Store(a.gateway(t, "gw-2"))
	if _, err := c.ask(t.Context(), server.self, []byte("x")); err != nil {
		t.Errorf("after renewal: %v", err)
	}
}

// A peer cannot make a gateway allocate what it merely announces.
func TestShipBoundsWhatItReads(t *testing.T) {
	client, server := net.Pipe()
	go func() {
		client.Write([]byte{0xFF, 0xFF, 0xFF, 0xFF})
		client.Close()
	}()
	err := hear(server, func([]byte) answer { t.Error("a command of 4 GiB was heard"); return answer{} })
	if !errors.Is(err, ErrCommand) {
		t.Errorf("hear = %v, want ErrCommand", err)
	}
}
