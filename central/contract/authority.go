package contract

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
)

// Trust is which campus authorities count. While one follows another both do. The certificates of authorities may differ
// while the key is the same; an authority is its key.
type Trust struct {
	Authorities [][]byte `json:"authorities,omitempty"` // X.509, DER, the newest last; none from a central before there could be two

	// Successions are certificates, X.509, DER, in which an earlier authority vouches for the key of a later one. They travel
	// in every chain, so that whoever was away while one followed the other finds the way.
	Successions [][]byte `json:"successions,omitempty"`
}

// maxAuthorities bounds either list of a Trust.
const maxAuthorities = 16

// ErrTrust means that a list of authorities is not usable.
var ErrTrust = errors.New("the campus authorities are not usable")

// Parse reads both lists.
func (t Trust) Parse() (authorities, successions []*x509.Certificate, err error) {
	if authorities, err = parseAuthorities(t.Authorities); err != nil {
		return nil, nil, fmt.Errorf("%w: authority: %w", ErrTrust, err)
	}
	if successions, err = parseAuthorities(t.Successions); err != nil {
		return nil, nil, fmt.Errorf("%w: succession: %w", ErrTrust, err)
	}
	return authorities, successions, nil
}

func parseAuthorities(list [][]byte) ([]*x509.Certificate, error) {
	if len(list) > maxAuthorities {
		return nil, fmt.Errorf("%d certificates, at most %d", len(list), maxAuthorities)
	}
	var parsed []*x509.Certificate
	for _, der := range list {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if _, ok := c.PublicKey.(*ecdsa.PublicKey); !ok || !c.BasicConstraintsValid || !c.IsCA {
			return nil, fmt.Errorf("%s certifies nobody, or its key is %T, want ECDSA", c.Subject, c.PublicKey)
		}
		parsed = append(parsed, c)
	}
	return parsed, nil
}

// Fingerprint names an authority: SHA-256 of its public key (SubjectPublicKeyInfo, DER), as in an invitation.
func Fingerprint(authority *x509.Certificate) [32]byte {
	return sha256.Sum256(authority.RawSubjectPublicKeyInfo)
}

// VerifyAny is Verify by any of several authorities.
func VerifyAny(authorities []*ecdsa.PublicKey, document, signature []byte) error {
	for _, key := range authorities {
		if Verify(key, document, signature) == nil {
			return nil
		}
	}
	return ErrSignature
}
