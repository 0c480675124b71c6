package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/versus/member"
)

// authority issues the certificates of one cluster, into files below dir.
type authority struct {
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(dir string) (*authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	a := &authority{dir: dir, key: key}
	a.certificate = &x509.Certificate{
		Subject: pkix.Name{CommonName: "campus"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if a.certificate, err = a.issue(a.certificate, key.Public()); err != nil {
		return nil, err
	}
	return a, a.write("authority.crt", "CERTIFICATE", a.certificate.Raw)
}

// issue signs a certificate for a day: longer than any run.
func (a *authority) issue(template *x509.Certificate, public any) (*x509.Certificate, error) {
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Minute), time.Now().Add(24*time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// identity makes a member's certificate, for both ends of a connection on loopback.
func (a *authority) identity(id string) (member.Identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return member.Identity{}, fmt.Errorf("make key: %w", err)
	}
	leaf, err := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: id}, DNSNames: []string{contract.GatewayHost(id)}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, key.Public())
	if err != nil {
		return member.Identity{}, err
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return member.Identity{}, fmt.Errorf("encode key: %w", err)
	}
	if err := a.write(id+".crt", "CERTIFICATE", leaf.Raw); err != nil {
		return member.Identity{}, err
	}
	i := member.Identity{Certificate: a.path(id + ".crt"), Key: a.path(id + ".key"), Authority: a.path("authority.crt")}
	return i, a.write(id+".key", "EC PRIVATE KEY", private)
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(name, kind string, der []byte) error {
	if err := os.WriteFile(a.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return fmt.Errorf("write certificate: %w", err)
	}
	return nil
}
