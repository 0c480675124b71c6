package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// fileName holds key and certificate together, so that no power cut can leave a key beside the certificate of another.
const fileName = "identity.json"

// maxFile bounds what is read back, in octets: a key, and some fifty certificates at most.
const maxFile = 128 << 10

// document is an identity as it lies on disk.
type document struct {
	Version     int    `json:"version"`
	Gateway     string `json:"gateway"`
	Building    string `json:"building"`
	Key         []byte `json:"key"`         // PKCS #8, DER
	Certificate []byte `json:"certificate"` // X.509, DER
	Authority   []byte `json:"authority"`   // X.509, DER
	CampusKey   []byte `json:"campus_key"`

	// CheckpointKey is the seed of an Ed25519 key, which central knows. Identities of earlier releases have none until their
	// next renewal, which is then due at once.
	CheckpointKey []byte `json:"checkpoint_key,omitempty"`

	Trust contract.Trust `json:"trust,omitzero"` // none: Authority alone, as in identities of earlier releases
	Past  [][]byte       `json:"past,omitempty"` // authorities that were believed once, X.509, DER
}

const documentVersion = 1

// campusKeySize is the length of the campus key, in octets.
const campusKeySize = 32

func load(dir string) (document, error) {
	path := filepath.Join(dir, fileName)
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return document{}, ErrNotEnrolled
	}
	if err != nil {
		return document{}, fmt.Errorf("open identity: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return document{}, fmt.Errorf("%w: %s has mode %04o; run: chmod 600 %s", ErrMode, path, info.Mode().Perm(), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return document{}, fmt.Errorf("open identity: %w", err)
	}
	var d document
	if err := contract.DecodeJSON(bytes.NewReader(text), maxFile, &d); err != nil {
		return document{}, fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
	}
	if d.Version != documentVersion {
		return document{}, fmt.Errorf("%w: %s has version %d, want %d", ErrDamaged, path, d.Version, documentVersion)
	}
	return d, nil
}

// save replaces the identity whole: temporary file, fsync, rename, fsync of the directory.
func (d document) save(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	path := filepath.Join(dir, fileName)
	if err := writeSynced(path+".new", append(text, '\n')); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	parent, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	if err := errors.Join(parent.Sync(), parent.Close()); err != nil {
		return fmt.Errorf("save identity: %w", err)
	}
	return nil
}

func writeSynced(path string, text []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// credentials checks that the parts of a document fit together. Expiry is not looked at: an expired certificate may still
// ask for another.
func (d document) credentials() (*credentials, error) {
	key, err := x509.ParsePKCS8PrivateKey(d.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: key: %w", ErrDamaged, err)
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok || signer.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: key is %T, want P-256", ErrDamaged, key)
	}
	leaf, err := x509.ParseCertificate(d.Certificate)
	if err != nil {
		return nil, fmt.Errorf("%w: certificate: %w", ErrCredentials, err)
	}
	authority, err := x509.ParseCertificate(d.Authority)
	if err != nil {
		return nil, fmt.Errorf("%w: authority: %w", ErrCredentials, err)
	}
	if _, ok := authority.PublicKey.(*ecdsa.PublicKey); !ok {
		return nil, fmt.Errorf("%w: authority's key is %T, want ECDSA", ErrCredentials, authority.PublicKey)
	}
	if err := leaf.CheckSignatureFrom(authority); err != nil {
		return nil, fmt.Errorf("%w: certificate is not signed by the authority: %w", ErrCredentials, err)
	}
	if !signer.PublicKey.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("%w: certificate is for another key", ErrCredentials)
	}
	if err := checkNames(leaf, d.Gateway); err != nil {
		return nil, err
	}
	if err := contract.CheckID("building", d.Building); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	if len(d.CampusKey) != campusKeySize {
		return nil, fmt.Errorf("%w: campus key has %d octets, want %d", ErrCredentials, len(d.CampusKey), campusKeySize)
	}
	checkpointKey, err := checkpointKeyOf(d.CheckpointKey)
	if err != nil {
		return nil, err
	}
	trust, err := d.parseTrust(authority)
	if err != nil {
		return nil, err
	}
	return &credentials{
		checkpointKey: checkpointKey,
		gateway:       d.Gateway, building: d.Building, authority: authority, trust: trust, pool: trust.pool(), document: d, campusKey: d.CampusKey,
		// Successions travel along, for a peer that was not told yet.
		certificate: &tls.Certificate{Certificate: append([][]byte{d.Certificate}, rawOf(trust.successions)...), PrivateKey: signer, Leaf: leaf},
	}, nil
}

// checkpointKeyOf makes the key of a seed; nil of none.
func checkpointKeyOf(seed []byte) (ed25519.PrivateKey, error) {
	switch len(seed) {
	case 0:
		return nil, nil
	case ed25519.SeedSize:
		return ed25519.NewKeyFromSeed(seed), nil
	}
	return nil, fmt.Errorf("%w: checkpoint key has %d octets, want %d", ErrDamaged, len(seed), ed25519.SeedSize)
}
