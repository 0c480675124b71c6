package fleet

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	serverLife     = 90 * 24 * time.Hour
	serverRenewal  = serverLife / 3 // issued again when less than this is left
	identifyWithin = 10 * time.Second
)

// TLS is the configuration of the gateway listener: TLS 1.3, a server certificate of the campus authority for these host
// names and addresses (localhost is always among them), and client certificates recognised by Identify. A connection
// without a certificate is let in, for enrolment alone; one with a certificate that Identify refuses is not.
func (f *Fleet) TLS(names []string) *tls.Config {
	server := &serverCertificate{authority: f.authority, names: append(slices.Clone(names), "localhost", "127.0.0.1", "::1")}
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return server.current() },
		// Not VerifyClientCertIfGiven: that would refuse an expired certificate, which may still ask for renewal.
		ClientAuth: tls.RequestClientCert,
		ClientCAs:  f.authority.Pool(),
		// Unlike VerifyPeerCertificate this runs on resumed connections too, so that revocation reaches them.
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return nil
			}
			ctx, cancel := context.WithTimeout(context.Background(), identifyWithin) // a handshake offers no context here
			defer cancel()
			_, err := f.Identify(ctx, &state)
			return err
		},
	}
}

// serverCertificate issues itself when it is first needed, again before it ends, and when the authority is another; its key never touches a disk.
type serverCertificate struct {
	authority *Authority
	names     []string

	mu     sync.Mutex // guards everything that follows
	issued *tls.Certificate
	by     *x509.Certificate // the authority that signed it
}

func (s *serverCertificate) current() (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, l := s.authority.now(), s.authority.lineage()
	if s.issued != nil && s.by.Equal(l.present.certificate) && now.Before(s.issued.Leaf.NotAfter.Add(-serverRenewal)) {
		return s.issued, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key of gateway listener: %w", err)
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: s.names[0]}, NotBefore: now.Add(-backdate), NotAfter: now.Add(serverLife),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range s.names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	leaf, err := issue(l.present, template, &key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("certify gateway listener: %w", err)
	}
	// The authority travels along, so that a gateway that has only its fingerprint can check the chain, and so do the
	// successions, for one that knows an earlier authority.
	chain := append([][]byte{leaf.Raw, l.present.certificate.Raw}, l.trust().Successions...)
	s.issued, s.by = &tls.Certificate{Certificate: chain, PrivateKey: key, Leaf: leaf}, l.present.certificate
	return s.issued, nil
}
