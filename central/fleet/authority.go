package fleet

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	authorityLife = 10 // years
	campusKeySize = 32 // octets
)

// Authority is the certificate authority of one campus: a P-256 key made at first start, which signs the certificates of
// gateways and of central's gateway listener, and the timetables. It also holds the campus key under which credentials
// become digests, and the Ed25519 key of daily seals.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	campus      []byte
	seal        ed25519.PrivateKey // signs daily seals
	now         func() time.Time
}

// OpenAuthority reads the authority from a directory and makes one where there is none yet. Its files, authority.pem
// (certificate and key), campus.key and seal.key, must be readable by their owner alone.
func OpenAuthority(dir string, now func() time.Time) (*Authority, error) {
	text, err := secretFile(filepath.Join(dir, "authority.pem"), func() ([]byte, error) { return makeAuthority(now()) })
	if err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	a := &Authority{now: now}
	if err := a.read(text); err != nil {
		return nil, fmt.Errorf("open authority: authority.pem: %w", err)
	}
	a.campus, err = secretFile(filepath.Join(dir, "campus.key"), makeCampusKey)
	if err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if len(a.campus) != campusKeySize {
		return nil, fmt.Errorf("open authority: campus.key has %d octets, want %d; restore it from a backup", len(a.campus), campusKeySize)
	}
	seed, err := secretFile(filepath.Join(dir, "seal.key"), makeSealKey)
	if err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("open authority: seal.key has %d octets, want %d; restore it from a backup", len(seed), ed25519.SeedSize)
	}
	a.seal = ed25519.NewKeyFromSeed(seed)
	return a, nil
}

func makeSealKey() ([]byte, error) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails: crypto/rand ends the process instead
	return seed, nil
}

func makeCampusKey() ([]byte, error) {
	key := make([]byte, campusKeySize)
	rand.Read(key) // never fails: crypto/rand ends the process instead
	return key, nil
}

func makeAuthority(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Rollcall campus authority"},
		NotBefore: now.Add(-backdate), NotAfter: now.AddDate(authorityLife, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	return append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), nil
}

func (a *Authority) read(text []byte) error {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "CERTIFICATE":
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return fmt.Errorf("read certificate: %w", err)
			}
			a.certificate = certificate
		case "PRIVATE KEY":
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return fmt.Errorf("read key: %w", err)
			}
			a.key, _ = key.(*ecdsa.PrivateKey)
		}
	}
	if a.certificate == nil || a.key == nil {
		return errors.New("want one certificate and one P-256 key; restore the file from a backup")
	}
	if !a.key.PublicKey.Equal(a.certificate.PublicKey) {
		return errors.New("key and certificate do not belong together; restore the file from a backup")
	}
	return nil
}

// Certificate is the authority's own certificate, which gateways pin.
func (a *Authority) Certificate() *x509.Certificate { return a.certificate }

// CampusKey is the key of contract.DigestOf, 32 octets.
func (a *Authority) CampusKey() []byte { return a.campus }

// Fingerprint is what an invitation pins: SHA-256 of the authority's public key (SubjectPublicKeyInfo, DER).
func (a *Authority) Fingerprint() [32]byte {
	return sha256.Sum256(a.certificate.RawSubjectPublicKeyInfo)
}

// Sign signs a document, such as a timetable, in the authority's name.
func (a *Authority) Sign(document []byte) ([]byte, error) { return contract.Sign(a.key, document) }

// Pool holds the authority as the only root.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// issue signs a certificate for a public key.
func (a *Authority) issue(template *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if template.NotAfter.After(a.certificate.NotAfter) {
		template.NotAfter = a.certificate.NotAfter
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// newSerial draws 127 random bits, as the CA/Browser Forum asks of serial numbers (at least 64).
func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	return serial, nil
}
