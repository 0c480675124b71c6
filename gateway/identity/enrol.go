package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// enrolWithin is the patience with central.
const enrolWithin = 30 * time.Second

// Enrol makes a key, trades the invitation for credentials at central and stores them. The server must prove to be of the
// campus that sent the invitation: nothing is trusted on first use. An invitation is used up by the attempt that reaches
// central, whatever becomes of the answer.
func Enrol(ctx context.Context, o Options, central string, invitation contract.Invitation) (*Identity, error) {
	target, err := url.Parse(central)
	if err != nil || target.Scheme != "https" {
		return nil, fmt.Errorf("enrol: %q is not an https address", central)
	}
	o.defaults()
	key, request, err := newKey()
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	checkpointKey := newCheckpointKey()
	transport := &http.Transport{TLSClientConfig: pinned(invitation.Authority, target.Hostname(), &o)}
	defer transport.CloseIdleConnections()
	client := contract.Client{HTTP: &http.Client{Transport: transport, Timeout: enrolWithin}, Base: central}
	answer, err := client.Enrol(ctx, contract.Enrolment{Token: invitation.Secret, Request: request, CheckpointKey: publicHalf(checkpointKey)})
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if err := checkAnswer(answer, invitation); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	d, err := newDocument(key, checkpointKey, answer)
	if err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	if err := d.save(o.Dir); err != nil {
		return nil, err
	}
	return Open(o)
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate request: %w", err)
	}
	return key, request, nil
}

func checkAnswer(c contract.Credentials, i contract.Invitation) error {
	if c.Gateway != i.Gateway {
		return fmt.Errorf("%w: they are for gateway %q, invited was %q", ErrCredentials, c.Gateway, i.Gateway)
	}
	authority, err := x509.ParseCertificate(c.Authority)
	if err != nil {
		return fmt.Errorf("%w: authority: %w", ErrCredentials, err)
	}
	if sha256.Sum256(authority.RawSubjectPublicKeyInfo) != i.Authority {
		return ErrAuthority
	}
	return nil
}

func newCheckpointKey() ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails: crypto/rand ends the process instead
	return ed25519.NewKeyFromSeed(seed)
}

func publicHalf(key ed25519.PrivateKey) []byte { return key.Public().(ed25519.PublicKey) }

// newDocument puts keys and credentials together and checks that they fit.
func newDocument(key *ecdsa.PrivateKey, checkpointKey ed25519.PrivateKey, c contract.Credentials) (document, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return document{}, fmt.Errorf("encode key: %w", err)
	}
	d := document{
		Version: documentVersion, Gateway: c.Gateway, Building: c.Building,
		Key: der, Certificate: c.Certificate, Authority: c.Authority, CampusKey: c.CampusKey,
		CheckpointKey: checkpointKey.Seed(), Trust: c.Trust,
	}
	made, err := d.credentials()
	if err != nil {
		return d, err
	}
	made.trust.note(&d)
	return d, nil
}

// pinned trusts exactly the authority whose public key has the given SHA-256 and which the server sends in its chain. No
// root is known before enrolment, so the library's own verification has nothing to start from and is replaced by the same
// verification against the pinned authority: chain, purpose, host name and time.
func pinned(authority [32]byte, host string, o *Options) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		ServerName:         host,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection below does it, against the pinned authority
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyPinned(state.PeerCertificates, authority, host, o)
		},
	}
}

func verifyPinned(chain []*x509.Certificate, authority [32]byte, host string, o *Options) error {
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	var pin *x509.Certificate
	for _, c := range chain {
		if c.IsCA && sha256.Sum256(c.RawSubjectPublicKeyInfo) == authority {
			pin = c
			roots.AddCert(c)
			continue
		}
		others.AddCert(c)
	}
	if len(chain) == 0 || pin == nil {
		return fmt.Errorf("%w: its chain does not contain the invited authority", ErrAuthority)
	}
	at := o.Now()
	if began := latest(chain); at.Before(pin.NotBefore) || !o.Sure() && at.Before(began) {
		at = began // a clock that was never set must not keep a gateway from enrolling
	}
	options := x509.VerifyOptions{Roots: roots, Intermediates: others, DNSName: host, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	if _, err := chain[0].Verify(options); err != nil {
		return errors.Join(ErrAuthority, err)
	}
	return nil
}

// latest is the last of the moments at which the certificates of a chain began: all of them have passed.
func latest(chain []*x509.Certificate) time.Time {
	var t time.Time
	for _, c := range chain {
		if c.NotBefore.After(t) {
			t = c.NotBefore
		}
	}
	return t
}
