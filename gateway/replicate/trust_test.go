package replicate

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// revoking refuses one gateway from the moment it is told to.
type revoking struct{ whom atomic.Pointer[string] }

func (r *revoking) refuse(gateway string, _ *x509.Certificate) error {
	if whom := r.whom.Load(); whom != nil && *whom == gateway {
		return contract.ErrRevoked
	}
	return nil
}

// A stolen member is revoked while the cluster works: its open connections end, no new one comes about in either direction,
// and the rest goes on.
func TestRevokedPeerIsCutOff(t *testing.T) {
	var word revoking
	c := newCampus(t, 3, func(o *Options) { o.TLS.Refuse = word.refuse })
	leader := c.leader()
	stolen := c.other(leader)
	other := c.other(leader, stolen)
	stolen.certs.Refuse = nil
	stolen.tap(5)
	c.settled()
	stop := c.tapping(leader, other)
	word.whom.Store(&stolen.member.ID)
	for _, g := range []*gateway{leader, other} {
		g.node.Recheck()
	}
	await(t, "nobody has a connection with the revoked one", func() bool {
		return leader.connections(stolen) == 0 && other.connections(stolen) == 0
	})
	held := stolen.node.Watermark(other.journal.Stream())
	other.advance(50)
	stop()
	other.holds(leader.journal)
	leader.holds(other.journal)
	if got := stolen.node.Watermark(other.journal.Stream()); got > held+maxShipRecords {
		t.Errorf("the revoked gateway got %d records after it was revoked", got-held)
	}
	for _, g := range []*gateway{leader, other} {
		for _, protocol := range []string{protocolRaft, protocolShip, protocolTalk} {
			conn, err := g.node.port.open(t.Context(), stolen.member, protocol)
			if !errors.Is(err, contract.ErrRevoked) {
				t.Errorf("%s dials the revoked gateway for %s: %v, want ErrRevoked", g.member.ID, protocol, err)
			}
			if err == nil {
				conn.Close()
			}
			if conn, err := stolen.node.port.open(t.Context(), g.member, protocol); err == nil {
				_, err = conn.Read(make([]byte, 1)) // TLS 1.3 tells a client of its refusal with the first answer
				if err == nil || errors.Is(err, io.EOF) {
					t.Errorf("the revoked gateway reaches %s for %s: %v", g.member.ID, protocol, err)
				}
				conn.Close()
			}
		}
	}
	word.whom.Store(nil) // it was found again, and trusted
	c.settled()
}

// connections counts those between two gateways that g knows of.
func (g *gateway) connections(peer *gateway) int {
	p := g.node.port
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for c := range p.conns {
		if c.leaf != nil && c.leaf.DNSNames[0] == contract.GatewayHost(peer.member.ID) {
			n++
		}
	}
	return n
}

// A clock that was never set must neither lock peers out nor let expired ones in: time is at least what is known to have passed.
func TestExpiryWithAClockThatWasNeverSet(t *testing.T) {
	campus := newAuthority(t)
	known := time.Now()
	unset := func() time.Time { // 1970, but for what is known to have passed
		if now := time.Unix(5, 0); now.After(known) {
			return now
		}
		return known
	}
	server := newTestPort(t, campus, func(o *TLS) { o.Now = unset })
	for _, tt := range []struct {
		name   string
		ending time.Duration
		ok     bool
	}{
		{"a certificate that is good now", time.Hour, true},
		{"one that ended before what is known to have passed", -time.Minute, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			with := campus.tls(campus.issue(t, time.Now().Add(tt.ending), contract.GatewayHost("gw-2")))
			with.Now = unset
			_, err := newDialer(t, with, members{server.self}).ask(t.Context(), server.self, []byte("x"))
			if (err == nil) != tt.ok {
				t.Errorf("ask = %v, want success %v", err, tt.ok)
			}
		})
	}
}

// The campus authority is exchanged: while both count, gateways of the old and of the new one understand each other; after
// that only the new one does.
func TestAuthorityIsExchanged(t *testing.T) {
	former, next := newAuthority(t), newAuthority(t)
	var both atomic.Bool
	both.Store(true)
	pool := func() *x509.CertPool {
		p := next.pool()
		if both.Load() {
			p.AddCert(former.cert)
		}
		return p
	}
	server := newTestPort(t, next, func(o *TLS) { o.Authority = pool })
	renewed := next.tls(next.gateway(t, "gw-2"))
	renewed.Authority = pool
	held := former.tls(former.gateway(t, "gw-2"))
	held.Authority = pool
	for _, with := range []TLS{renewed, held} {
		if _, err := newDialer(t, with, members{server.self}).ask(t.Context(), server.self, []byte("x")); err != nil {
			t.Errorf("while both count: %v", err)
		}
	}
	both.Store(false)
	if _, err := newDialer(t, held, members{server.self}).ask(t.Context(), server.self, []byte("x")); err == nil {
		t.Error("a certificate of the former authority is still accepted")
	}
	if _, err := newDialer(t, renewed, members{server.self}).ask(t.Context(), server.self, []byte("x")); err != nil {
		t.Errorf("after the exchange: %v", err)
	}
}

func TestTalkBoundsWhatItReads(t *testing.T) {
	for _, tt := range []struct {
		name, sent string
		want       error
	}{
		{"4 GiB announced", "\xff\xff\xff\xff", ErrTalk},
		{"an end in between", "\x00\x00\x00\x09{}", io.ErrUnexpectedEOF},
		{"no JSON", "\x00\x00\x00\x02x{", ErrTalk},
		{"two documents", "\x00\x00\x00\x04{}{}", ErrTalk},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, server := net.Pipe()
			go func() {
				client.Write([]byte(tt.sent))
				client.Close()
			}()
			err := answerTalk(server, func(question) reply { t.Error("it was answered"); return reply{} })
			if !errors.Is(err, tt.want) {
				t.Errorf("answerTalk = %v, want %v", err, tt.want)
			}
		})
	}
	var q question
	if err := readTalk(strings.NewReader("\x00\x00\x00\x24"+`{"holds":3,"of a later release":[1]}`), &q); err != nil || q.Holds != 3 {
		t.Errorf("a question of a later release = %+v, %v, want it understood", q, err)
	}
}

// Octets of a peer never panic, and what is read can be said again.
func FuzzTalk(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x00\x00\x00\x44" + `{"holds":7,"wish":{"join":{"ID":"gw-9","Address":"a:1"},"force":true}}`))
	f.Add([]byte("\x00\x00\x00\x10" + `{"overview":true}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var q question
		if readTalk(bytes.NewReader(b), &q) == nil && q.Wish != nil {
			_, _ = q.Wish.from(nil)
		}
		var r reply
		_ = readTalk(bytes.NewReader(b), &r)
	})
}
