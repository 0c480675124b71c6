package replicate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// TLS is how this gateway proves itself to its peers and them to itself. Both functions are asked at every handshake, so
// a renewed certificate needs no restart. The certificate must be good for server and client authentication and carry the
// DNS name contract.GatewayHost(ID).
type TLS struct {
	Certificate func() (*tls.Certificate, error)
	Authority   func() *x509.CertPool
	Now         func() time.Time // for expiry; nil means time.Now
	Learn       func(error)      // told why a handshake failed: it may be our clock; nil if nobody wants to know

	// Refuse says why a gateway's certificate no longer counts, revoked perhaps; nil when it does. It is asked at every
	// handshake, on both sides, and about every open connection when Recheck is called. A nil Refuse refuses nobody.
	Refuse func(gateway string, leaf *x509.Certificate) error
}

// Protocols of the replication port, chosen by ALPN.
const (
	protocolRaft = "rollcall-raft/1"
	protocolShip = "rollcall-ship/1"
	protocolTalk = "rollcall-talk/1"
)

func (t TLS) validate() error {
	if t.Certificate == nil || t.Authority == nil {
		return errors.New("a cluster of several gateways needs a certificate and the campus authority; enrol this gateway first")
	}
	return nil
}

// server is the configuration for one incoming connection. Its peer must be a member by name.
func (t TLS) server(b *roster, protocols []string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{
				MinVersion:             tls.VersionTLS13,
				NextProtos:             protocols,
				ClientAuth:             tls.RequireAndVerifyClientCert,
				ClientCAs:              t.Authority(),
				GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return t.Certificate() },
				VerifyConnection:       func(cs tls.ConnectionState) error { return t.checkPeer(cs, b) },
				SessionTicketsDisabled: true, // every connection proves itself anew
				Time:                   t.Now,
			}, nil
		},
	}
}

// client is the configuration for a connection to peer: it must have that name, not just any member's.
func (t TLS) client(peer, protocol string) *tls.Config {
	return &tls.Config{
		MinVersion:           tls.VersionTLS13,
		NextProtos:           []string{protocol},
		ServerName:           contract.GatewayHost(peer),
		RootCAs:              t.Authority(),
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return t.Certificate() },
		VerifyConnection:     func(cs tls.ConnectionState) error { return t.refused(peer, cs.PeerCertificates) },
		Time:                 t.Now,
	}
}

func (t TLS) refused(gateway string, chain []*x509.Certificate) error {
	if t.Refuse == nil || len(chain) == 0 {
		return nil
	}
	return t.Refuse(gateway, chain[0])
}

// checkPeer is asked after the chain has been verified: who is it, does it belong to this cluster, and does its certificate
// still count?
func (t TLS) checkPeer(cs tls.ConnectionState, b *roster) error {
	if len(cs.PeerCertificates) == 0 {
		return fmt.Errorf("no certificate: %w", ErrStranger)
	}
	id, ok := memberOf(cs.PeerCertificates[0], b)
	if !ok {
		return fmt.Errorf("certificate for %q: %w", cs.PeerCertificates[0].DNSNames, ErrStranger)
	}
	return t.refused(id, cs.PeerCertificates)
}

// memberOf is the member that a certificate names.
func memberOf(leaf *x509.Certificate, b *roster) (id string, ok bool) {
	known := b.all()
	for _, name := range leaf.DNSNames {
		if id, ok = contract.GatewayOf(name); !ok {
			continue
		}
		if _, ok = known.byID(id); ok {
			return id, true
		}
	}
	return "", false
}
