package fleet

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// signer is an authority that can sign.
type signer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// lineage is what authority.pem holds: the authority in force, the one that is to follow it, and those it followed. It never
// changes; an exchange makes another.
type lineage struct {
	present     signer
	next        *signer             // nil unless an exchange is under way
	past        []*x509.Certificate // retired: their certificates may ask for renewal and nothing else
	successions []*x509.Certificate // in each an earlier authority certifies the key of the one after it
}

// Roles of PEM blocks, in a header of that name. Blocks of the authority in force have none and come last: a release that
// knows no roles takes them for the only ones.
const (
	roleHeader     = "Role"
	roleNext       = "next"
	rolePast       = "past"
	roleSuccession = "succession"

	blockCertificate = "CERTIFICATE"
	blockKey         = "PRIVATE KEY"
)

func newSigner(now time.Time) (s signer, err error) {
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return s, fmt.Errorf("make authority: %w", err)
	}
	template := authorityTemplate(now.Add(-backdate), now.AddDate(authorityLife, 0, 0))
	s.certificate, err = signer{template, s.key}.sign(template, &s.key.PublicKey)
	return s, err
}

func authorityTemplate(from, until time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: "Rollcall campus authority"}, NotBefore: from, NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
}

// sign makes a certificate for a public key, with a serial number of its own.
func (s signer) sign(template *x509.Certificate, public *ecdsa.PublicKey) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, s.certificate, public, s.key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// rotate begins an exchange: a new authority, for which the present one vouches.
func (l *lineage) rotate(now time.Time) (*lineage, error) {
	if l.next != nil {
		return nil, ErrRotating
	}
	next, err := newSigner(now)
	if err != nil {
		return nil, err
	}
	vouched, err := l.present.sign(authorityTemplate(next.certificate.NotBefore, l.present.certificate.NotAfter), &next.key.PublicKey)
	if err != nil {
		return nil, err
	}
	grown := *l
	grown.next = &next
	grown.successions = append(slices.Clone(l.successions), vouched)
	return &grown, nil
}

// retire ends an exchange: the next authority is the only one, and the key of the former is forgotten. The certificates of a
// compromised one may not even ask for renewal, since anybody may have made them.
func (l *lineage) retire(compromised bool) (*lineage, error) {
	if l.next == nil {
		return nil, ErrNotRotating
	}
	left := lineage{present: *l.next, past: l.past, successions: l.successions}
	if !compromised {
		left.past = append(slices.Clone(l.past), l.present.certificate)
	}
	return &left, nil
}

// newest is the authority that signs for gateways who know it.
func (l *lineage) newest() signer {
	if l.next != nil {
		return *l.next
	}
	return l.present
}

// believedBy is the newest authority for a gateway that knows these, by fingerprint. One that does not know it yet gets
// another certificate of the present one.
func (l *lineage) believedBy(trusts [][]byte) signer {
	newest := l.newest()
	print := contract.Fingerprint(newest.certificate)
	if slices.ContainsFunc(trusts, func(t []byte) bool { return bytes.Equal(t, print[:]) }) {
		return newest
	}
	return l.present
}

// inForce are the authorities that count, the newest last.
func (l *lineage) inForce() []*x509.Certificate {
	if l.next != nil {
		return []*x509.Certificate{l.present.certificate, l.next.certificate}
	}
	return []*x509.Certificate{l.present.certificate}
}

func (l *lineage) trust() (t contract.Trust) {
	for _, c := range l.inForce() {
		t.Authorities = append(t.Authorities, c.Raw)
	}
	for _, c := range l.successions {
		t.Successions = append(t.Successions, c.Raw)
	}
	return t
}

func pool(certificates ...*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certificates {
		p.AddCert(c)
	}
	return p
}

// encode writes a lineage as PEM.
func (l *lineage) encode() (text []byte, err error) {
	add := func(role, kind string, der []byte) {
		block := &pem.Block{Type: kind, Bytes: der}
		if role != "" {
			block.Headers = map[string]string{roleHeader: role}
		}
		text = append(text, pem.EncodeToMemory(block)...)
	}
	for _, c := range l.past {
		add(rolePast, blockCertificate, c.Raw)
	}
	for _, c := range l.successions {
		add(roleSuccession, blockCertificate, c.Raw)
	}
	pairs := map[string]*signer{roleNext: l.next, "": &l.present}
	for _, role := range []string{roleNext, ""} {
		s := pairs[role]
		if s == nil {
			continue
		}
		private, err := x509.MarshalPKCS8PrivateKey(s.key)
		if err != nil {
			return nil, fmt.Errorf("encode authority: %w", err)
		}
		add(role, blockCertificate, s.certificate.Raw)
		add(role, blockKey, private)
	}
	return text, nil
}

// decodeLineage reads what encode writes.
func decodeLineage(text []byte) (*lineage, error) {
	l, pairs := new(lineage), map[string]*signer{"": {}, roleNext: {}}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if err := l.take(block, pairs); err != nil {
			return nil, err
		}
	}
	l.present = *pairs[""]
	if err := l.present.check(); err != nil {
		return nil, err
	}
	if next := pairs[roleNext]; next.certificate != nil || next.key != nil {
		if err := next.check(); err != nil {
			return nil, fmt.Errorf("next authority: %w", err)
		}
		l.next = next
	}
	return l, nil
}

func (l *lineage) take(block *pem.Block, pairs map[string]*signer) error {
	role := block.Headers[roleHeader]
	switch block.Type {
	case blockCertificate:
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("read certificate: %w", err)
		}
		switch role {
		case rolePast:
			l.past = append(l.past, c)
		case roleSuccession:
			l.successions = append(l.successions, c)
		case roleNext, "":
			pairs[role].certificate = c
		default:
			return fmt.Errorf("certificate of role %q; this release is too old for the file", role)
		}
	case blockKey:
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		if s, ok := pairs[role]; ok {
			s.key, _ = key.(*ecdsa.PrivateKey)
		}
	}
	return nil
}

func (s *signer) check() error {
	if s.certificate == nil || s.key == nil {
		return errors.New("want one certificate and one P-256 key; restore the file from a backup")
	}
	if !s.key.PublicKey.Equal(s.certificate.PublicKey) {
		return errors.New("key and certificate do not belong together; restore the file from a backup")
	}
	return nil
}
