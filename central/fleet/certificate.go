package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/url"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	gatewayLife  = 30 * 24 * time.Hour  // unless Options say otherwise
	renewalGrace = 365 * 24 * time.Hour // how long an expired certificate may still ask for renewal
	maxRequest   = 8 << 10              // octets of a certificate request

	// backdate lets a gateway whose clock is behind use a fresh certificate at once. One that lives shorter begins no longer
	// before its issue than it lives after it, or a gateway would take it for one that is due for renewal.
	backdate = 24 * time.Hour
)

// gatewayCertificate issues a certificate for a gateway that ends after life. Nothing but the key is taken from the request.
func (a *Authority) gatewayCertificate(by signer, gateway string, public *ecdsa.PublicKey, life time.Duration) (*x509.Certificate, error) {
	now := a.now()
	return issue(by, &x509.Certificate{
		Subject:     pkix.Name{CommonName: gateway},
		DNSNames:    []string{contract.GatewayHost(gateway)},
		URIs:        []*url.URL{{Scheme: "spiffe", Host: "rollcall", Path: "/gateway/" + gateway}},
		NotBefore:   now.Add(-min(backdate, life)),
		NotAfter:    now.Add(life),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, // server towards its Raft peers
	}, public)
}

// issuedAt is when a gateway's certificate was issued: backdate after its beginning, or halfway through one that is short.
func issuedAt(c *x509.Certificate) time.Time {
	return c.NotBefore.Add(min(backdate, c.NotAfter.Sub(c.NotBefore)/2))
}

// requestKey takes the public key out of a PKCS #10 request whose signature proves that the sender holds the private one.
func requestKey(der []byte) (*ecdsa.PublicKey, error) {
	if len(der) > maxRequest {
		return nil, fmt.Errorf("%w: %d octets, at most %d", ErrRequest, len(der), maxRequest)
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if err := request.CheckSignature(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	key, ok := request.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: the key is not on the curve P-256", ErrRequest)
	}
	return key, nil
}

// verify checks that the authority issued a certificate to a gateway, and names that gateway. The certificate's own end is
// not judged here, only that the authority was valid then. Of a retired authority it may only ask for renewal.
func (a *Authority) verify(leaf *x509.Certificate) (gateway string, retired bool, err error) {
	l := a.lineage()
	if err = a.chains(leaf, l.inForce()); err != nil {
		if retired = a.chains(leaf, l.past) == nil; !retired {
			return "", false, fmt.Errorf("%w: %w", ErrForeign, err)
		}
	}
	if len(leaf.DNSNames) != 1 {
		return "", false, fmt.Errorf("%w: it has %d host names", ErrForeign, len(leaf.DNSNames))
	}
	gateway, ok := contract.GatewayOf(leaf.DNSNames[0])
	if !ok {
		return "", false, fmt.Errorf("%w: it is for %q", ErrForeign, leaf.DNSNames[0])
	}
	return gateway, retired, nil
}

// chains says why a certificate leads to none of these authorities, nil if it leads to one.
func (a *Authority) chains(leaf *x509.Certificate, authorities []*x509.Certificate) error {
	at := a.now()
	if at.After(leaf.NotAfter) {
		at = leaf.NotAfter
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: pool(authorities...), CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err
}
