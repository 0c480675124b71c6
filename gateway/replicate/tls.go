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
}

// Protocols of the replication port, chosen by ALPN.
const (
	protocolRaft = "rollcall-raft/1"
	protocolShip = "rollcall-ship/1"
)

func (t TLS) validate() error {
	if t.Certificate == nil || t.Authority == nil {
		return errors.New("a cluster of several gateways needs a certificate and the campus authority; enrol this gateway first")
	}
	return nil
}

// server is the configuration for one incoming connection. Its peer must be a member by name.
func (t TLS) server(ms members) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return &tls.Config{
				MinVersion:             tls.VersionTLS13,
				NextProtos:             []string{protocolRaft, protocolShip},
				ClientAuth:             tls.RequireAndVerifyClientCert,
				ClientCAs:              t.Authority(),
				GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return t.Certificate() },
				VerifyConnection:       func(cs tls.ConnectionState) error { return checkMember(cs, ms) },
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
		Time:                 t.Now,
	}
}

// checkMember is asked after the chain has been verified: who is it, and does it belong to this cluster?
func checkMember(cs tls.ConnectionState, ms members) error {
	if len(cs.PeerCertificates) == 0 {
		return fmt.Errorf("no certificate: %w", ErrStranger)
	}
	for _, name := range cs.PeerCertificates[0].DNSNames {
		id, ok := contract.GatewayOf(name)
		if !ok {
			continue
		}
		if _, ok := ms.byID(id); ok {
			return nil
		}
	}
	return fmt.Errorf("certificate for %q: %w", cs.PeerCertificates[0].DNSNames, ErrStranger)
}
