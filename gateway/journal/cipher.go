package journal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the length of the secret that NewKey takes.
const KeySize = 32

// Key encrypts a Log at rest: the payload of every item, and the stable values in a segment's header, with
// XChaCha20-Poly1305 (RFC 8439 with the 24-byte nonce of draft-irtf-cfrg-xchacha), which is quick on boards whose processor
// knows no AES and whose nonces may be drawn at random for as long as a log lives. The additional data are the kind of item
// and its number, so that no record can be put in another's place. Checksums are over what is on disk: torn and garbled
// blocks are told apart without the key.
type Key struct {
	aead cipher.AEAD
	id   [keyIDSize]byte // tells keys apart without giving anything away
	draw func([]byte)    // fills a nonce
}

const (
	keyIDSize  = 8
	sealedMore = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead // bytes that an encrypted payload is longer
)

// NewKey derives a log's key from a secret of KeySize bytes, which may serve other purposes too.
func NewKey(secret []byte) (*Key, error) {
	if len(secret) != KeySize {
		return nil, fmt.Errorf("key of %d bytes, want %d", len(secret), KeySize)
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "rollcall journal", chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	id, err := hkdf.Key(sha256.New, secret, nil, "rollcall journal key id", keyIDSize)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return &Key{aead: aead, id: [keyIDSize]byte(id), draw: func(b []byte) { rand.Read(b) }}, nil // it never fails
}

// more is by how much a payload grows on disk. A nil Key encrypts nothing.
func (k *Key) more() int {
	if k == nil {
		return 0
	}
	return sealedMore
}

// seal appends a payload as it goes to disk: nonce, ciphertext, tag.
func (k *Key) seal(dst, payload []byte, of kind, number uint64) []byte {
	if k == nil {
		return append(dst, payload...)
	}
	at := len(dst)
	dst = append(dst, zeroes[:chacha20poly1305.NonceSizeX]...)
	nonce := dst[at:]
	k.draw(nonce)
	return k.aead.Seal(dst, nonce, payload, associated(of, number))
}

// open gives back what seal was given; with a nil Key that is b itself.
func (k *Key) open(b []byte, of kind, number uint64) ([]byte, error) {
	if k == nil {
		return b, nil
	}
	if len(b) < sealedMore {
		return nil, fmt.Errorf("%d encrypted bytes are too few", len(b))
	}
	nonce, sealed := b[:chacha20poly1305.NonceSizeX], b[chacha20poly1305.NonceSizeX:]
	payload, err := k.aead.Open(nil, nonce, sealed, associated(of, number))
	if err != nil {
		return nil, fmt.Errorf("encrypted bytes do not authenticate: %w", err)
	}
	return payload, nil
}

// associated are the bytes that an encrypted payload is bound to.
func associated(of kind, number uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{byte(of)}, number)
}
