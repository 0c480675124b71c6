package tree

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// ErrKey means that octets or text are not an Ed25519 key under a usable name.
var ErrKey = errors.New("not an Ed25519 key for signing checkpoints")

// VerifierKey is a public key as text, "<name>+<hash>+<base64>" (C2SP signed-note): what people compare and auditors keep.
func VerifierKey(name string, key ed25519.PublicKey) (string, error) {
	if len(key) != ed25519.PublicKeySize {
		return "", fmt.Errorf("%w: %d octets", ErrKey, len(key))
	}
	text, err := note.NewEd25519VerifierKey(name, key)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	if _, err := note.NewVerifier(text); err != nil {
		return "", fmt.Errorf("%w: name %q: %w", ErrKey, name, err)
	}
	return text, nil
}

func verifier(name string, key ed25519.PublicKey) (note.Verifier, error) {
	text, err := VerifierKey(name, key)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(text)
}

// signer implements note.Signer over a key in memory.
type signer struct {
	note.Verifier
	key ed25519.PrivateKey
}

// Sign implements note.Signer.
func (s signer) Sign(message []byte) ([]byte, error) { return ed25519.Sign(s.key, message), nil }

func newSigner(name string, key ed25519.PrivateKey) (note.Signer, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("%w: %d octets", ErrKey, len(key))
	}
	v, err := verifier(name, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	return signer{v, key}, nil
}

// ParseVerifierKey reads what VerifierKey writes.
func ParseVerifierKey(text string) (name string, key ed25519.PublicKey, err error) {
	if _, err := note.NewVerifier(text); err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	parts := strings.SplitN(text, "+", 3) // NewVerifier has seen that there are three
	octets, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(octets) != 1+ed25519.PublicKeySize {
		return "", nil, fmt.Errorf("%w: %d octets", ErrKey, len(octets))
	}
	return parts[0], octets[1:], nil // the first octet is the algorithm
}
