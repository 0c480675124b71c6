package identity

import (
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// campus is an authority with its central, written from the contract.
type campus struct {
	authority *x509.Certificate
	key       *ecdsa.PrivateKey
	server    *httptest.Server
	token     string
	lives     time.Duration                 // of the certificates it issues
	answer    func(c *contract.Credentials) // changes what it answers
	keys      [][]byte                      // for checkpoints, that enrolments came with
	callers   []string                      // names in the certificates that renewals came with
}

// newAuthority is a campus without a server.
func newAuthority(t *testing.T) *campus {
	t.Helper()
	c := &campus{token: base64.RawURLEncoding.EncodeToString(make([]byte, 32)), lives: 30 * 24 * time.Hour, key: key(t)}
	c.authority = c.issue(t, x509.Certificate{Subject: pkix.Name{CommonName: "campus"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, &c.key.PublicKey)
	return c
}

func newCampus(t *testing.T, chain ...func(*campus, *tls.Certificate)) *campus {
	t.Helper()
	c := newAuthority(t)
	serverKey := key(t)
	leaf := c.issue(t, x509.Certificate{IPAddresses: loopback, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, &serverKey.PublicKey)
	certificate := tls.Certificate{Certificate: [][]byte{leaf.Raw, c.authority.Raw}, PrivateKey: serverKey}
	for _, change := range chain {
		change(c, &certificate)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+contract.PathEnrol, func(w http.ResponseWriter, r *http.Request) {
		var e contract.Enrolment
		if !decode(r, &e) || e.Token != c.token {
			http.Error(w, "token", http.StatusForbidden)
			return
		}
		c.token = "used"
		c.keys = append(c.keys, e.CheckpointKey)
		c.reply(t, w, e.Request)
	})
	mux.HandleFunc("POST "+contract.PathRenew, func(w http.ResponseWriter, r *http.Request) {
		var e contract.Renewal
		if len(r.TLS.PeerCertificates) == 0 || !decode(r, &e) {
			http.Error(w, "certificate", http.StatusForbidden)
			return
		}
		c.callers = append(c.callers, r.TLS.PeerCertificates[0].SerialNumber.String())
		c.reply(t, w, e.Request)
	})
	c.server = httptest.NewUnstartedServer(mux)
	c.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	c.server.TLS = &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert, Certificates: []tls.Certificate{certificate}}
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	return c
}

var loopback = []net.IP{net.IPv4(127, 0, 0, 1)}

func key(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// issue signs a certificate; unless said otherwise it began a minute ago and lasts as long as the campus' certificates do.
func (c *campus) issue(t *testing.T, template x509.Certificate, public *ecdsa.PublicKey) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	if template.NotAfter.IsZero() {
		template.NotBefore = time.Now().Add(-time.Minute)
		template.NotAfter = template.NotBefore.Add(c.lives)
	}
	parent := c.authority
	if parent == nil {
		parent = &template
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, public, c.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func (c *campus) invitation() contract.Invitation {
	return contract.Invitation{Gateway: "library", Secret: c.token, Authority: sha256.Sum256(c.authority.RawSubjectPublicKeyInfo)}
}

func (c *campus) reply(t *testing.T, w http.ResponseWriter, request []byte) {
	csr, err := x509.ParseCertificateRequest(request)
	if err != nil || csr.CheckSignature() != nil {
		http.Error(w, "request", http.StatusBadRequest)
		return
	}
	credentials := c.credentials(t, csr.PublicKey.(*ecdsa.PublicKey))
	if c.answer != nil {
		c.answer(&credentials)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(credentials)
}

func (c *campus) credentials(t *testing.T, public *ecdsa.PublicKey) contract.Credentials {
	leaf := c.issue(t, x509.Certificate{
		DNSNames: []string{contract.GatewayHost("library")}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, public)
	return contract.Credentials{Gateway: "library", Building: "lib", Certificate: leaf.Raw, Authority: c.authority.Raw, CampusKey: make([]byte, 32)}
}

func decode(r *http.Request, v any) bool {
	z, err := gzip.NewReader(r.Body)
	return err == nil && json.NewDecoder(z).Decode(v) == nil
}
