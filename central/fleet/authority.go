package fleet

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	authorityLife = 10 // years
	campusKeySize = 32 // octets
)

// Authority is the certificate authority of one campus: a P-256 key made at first start, which signs the certificates of
// gateways and of central's gateway listener, and the timetables. Another may follow it (see Fleet.RotateAuthority); both are
// one Authority. It also holds the campus key under which credentials become digests, and the Ed25519 key of daily seals.
// It is safe for concurrent use, by several processes too.
type Authority struct {
	path   string // of authority.pem
	campus []byte
	seal   ed25519.PrivateKey // signs daily seals
	now    func() time.Time

	mu   sync.Mutex // guards everything that follows
	held *lineage
	file os.FileInfo // which held was read from
}

// OpenAuthority reads the authority from a directory and makes one where there is none yet. Its files, authority.pem
// (certificates and keys), campus.key and seal.key, must be readable by their owner alone.
func OpenAuthority(dir string, now func() time.Time) (*Authority, error) {
	a := &Authority{path: filepath.Join(dir, "authority.pem"), now: now}
	_, err := secretFile(a.path, func() ([]byte, error) { return makeAuthority(now()) })
	if err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if err := a.read(); err != nil {
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
	s, err := newSigner(now)
	if err != nil {
		return nil, err
	}
	return (&lineage{present: s}).encode()
}

// lineage is the authority as its file has it now: a command may have begun or ended an exchange meanwhile. While the file
// cannot be read the last one that could be holds, or central would fall silent for a slip of somebody's hand.
func (a *Authority) lineage() *lineage {
	a.mu.Lock()
	defer a.mu.Unlock()
	now, err := os.Stat(a.path)
	if err != nil || os.SameFile(now, a.file) && now.ModTime().Equal(a.file.ModTime()) {
		return a.held
	}
	_ = a.readLocked() // see above; the next look tries again
	return a.held
}

func (a *Authority) read() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.readLocked()
}

func (a *Authority) readLocked() error {
	file, err := os.Stat(a.path)
	if err != nil {
		return err
	}
	text, err := readSecret(a.path)
	if err != nil {
		return err
	}
	l, err := decodeLineage(text)
	if err != nil {
		return err
	}
	a.held, a.file = l, file
	return nil
}

// change replaces the lineage, on disk and in force.
func (a *Authority) change(do func(*lineage) (*lineage, error)) error {
	l, err := do(a.lineage())
	if err != nil {
		return err
	}
	text, err := l.encode()
	if err != nil {
		return err
	}
	if err := replaceSecret(a.path, text); err != nil {
		return fmt.Errorf("write %s: %w", a.path, err)
	}
	return a.read()
}

// Certificate is the certificate of the authority in force, which gateways pin.
func (a *Authority) Certificate() *x509.Certificate { return a.lineage().present.certificate }

// CampusKey is the key of contract.DigestOf, 32 octets.
func (a *Authority) CampusKey() []byte { return a.campus }

// Fingerprint is what an invitation pins: SHA-256 of the public key (SubjectPublicKeyInfo, DER) of the authority in force.
func (a *Authority) Fingerprint() [32]byte { return contract.Fingerprint(a.Certificate()) }

// Sign signs a document, such as a timetable, in the name of the authority in force. While another follows it that is still
// the former, whom every gateway believes.
func (a *Authority) Sign(document []byte) ([]byte, error) {
	return contract.Sign(a.lineage().present.key, document)
}

// Pool holds the authorities that count as roots.
func (a *Authority) Pool() *x509.CertPool { return pool(a.lineage().inForce()...) }

// issue signs a certificate for a public key.
func issue(by signer, template *x509.Certificate, public *ecdsa.PublicKey) (*x509.Certificate, error) {
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if end := by.certificate.NotAfter; template.NotAfter.After(end) {
		template.NotAfter = end
	}
	return by.sign(template, public)
}

// newSerial draws 127 random bits, as the CA/Browser Forum asks of serial numbers (at least 64).
func newSerial() (*big.Int, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	return serial, nil
}
