package contract

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrSignature means a document was not signed by the campus authority, or was changed since.
var ErrSignature = errors.New("signature of the campus authority does not match")

// Sign signs a document with the campus authority's P-256 key (ECDSA over SHA-256, ASN.1 DER).
func Sign(key crypto.Signer, document []byte) ([]byte, error) {
	sum := sha256.Sum256(document)
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign document: %w", err)
	}
	return signature, nil
}

// Verify checks what Sign made, so that a timetable stays trustworthy on a gateway's disk.
func Verify(authority *ecdsa.PublicKey, document, signature []byte) error {
	sum := sha256.Sum256(document)
	if !ecdsa.VerifyASN1(authority, sum[:], signature) {
		return ErrSignature
	}
	return nil
}
