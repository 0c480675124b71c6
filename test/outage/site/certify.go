package site

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Certify makes a certificate like that of a visitor, for the same key and by the campus authority, with a life of ours: who has
// central's disk has its authority.
func (s *Site) Certify(v *Visitor, from, until time.Time) (*tls.Config, error) {
	config := v.identity.ClientTLS()
	held, err := config.GetClientCertificate(&tls.CertificateRequestInfo{})
	if err != nil {
		return nil, fmt.Errorf("certify %s: %w", v.Name, err)
	}
	leaf, err := x509.ParseCertificate(held.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("certify %s: %w", v.Name, err)
	}
	authority, key, err := s.authority()
	if err != nil {
		return nil, fmt.Errorf("certify %s: %w", v.Name, err)
	}
	like := *leaf
	like.SerialNumber, like.NotBefore, like.NotAfter = new(big.Int).Add(leaf.SerialNumber, big.NewInt(1)), from, until
	der, err := x509.CreateCertificate(rand.Reader, &like, authority, leaf.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("certify %s: %w", v.Name, err)
	}
	config.GetClientCertificate = nil
	config.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: held.PrivateKey}}
	return config, nil
}

// authority reads the campus authority from central's disk.
func (s *Site) authority() (certificate *x509.Certificate, key any, err error) {
	text, err := os.ReadFile(filepath.Join(s.Central.Data(), "authority.pem"))
	if err != nil {
		return nil, nil, err
	}
	for block, rest := pem.Decode(text); block != nil && err == nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			certificate, err = x509.ParseCertificate(block.Bytes)
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		}
	}
	if err == nil && (certificate == nil || key == nil) {
		err = fmt.Errorf("%s lacks the certificate or the key", filepath.Join(s.Central.Data(), "authority.pem"))
	}
	return certificate, key, err
}
