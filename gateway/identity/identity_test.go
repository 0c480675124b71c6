package identity

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

var quiet = slog.New(slog.DiscardHandler)

// enrolled is an identity of a campus.
func enrolled(t *testing.T, c *campus) (*Identity, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "identity")
	i, err := Enrol(t.Context(), Options{Dir: dir, Log: quiet}, c.server.URL, c.invitation())
	if err != nil {
		t.Fatal(err)
	}
	return i, dir
}

func TestEnrol(t *testing.T) {
	c := newCampus(t)
	invitation := c.invitation()
	i, dir := enrolled(t, c)
	if i.Gateway() != "library" || i.Building() != "lib" || len(i.CampusKey()) != 32 {
		t.Errorf("identity = %q of %q, campus key of %d octets", i.Gateway(), i.Building(), len(i.CampusKey()))
	}
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file = %v, %v, want mode 0600", info.Mode(), err)
	}
	again, err := Open(Options{Dir: dir})
	if err != nil || again.Gateway() != "library" || !again.NotAfter().Equal(i.NotAfter()) {
		t.Errorf("Open = %v", err)
	}
	if len(c.keys) != 1 || !bytes.Equal(c.keys[0], publicHalf(again.CheckpointKey())) {
		t.Errorf("central was told %x, want the public half of the key for checkpoints", c.keys)
	}
	if _, err := Enrol(t.Context(), Options{Dir: t.TempDir(), Log: quiet}, c.server.URL, invitation); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("second use of an invitation = %v, want a refusal", err)
	}
}

// The server must prove to belong to the invited campus before it is told the secret.
func TestEnrolTrustsOnlyTheInvitedAuthority(t *testing.T) {
	now := time.Now()
	leafOf := func(issuer *campus, template x509.Certificate) func(*campus, *tls.Certificate) {
		return func(c *campus, certificate *tls.Certificate) {
			if issuer == nil {
				issuer = c
			}
			k := key(t)
			certificate.Certificate = [][]byte{issuer.issue(t, template, &k.PublicKey).Raw, c.authority.Raw}
			certificate.PrivateKey = k
		}
	}
	server := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	other := newCampus(t)
	tests := []struct {
		name  string
		chain func(*campus, *tls.Certificate)
	}{
		{"leaf of another authority beside the true one", leafOf(other, x509.Certificate{IPAddresses: loopback, ExtKeyUsage: server})},
		{"authority left out", func(_ *campus, c *tls.Certificate) { c.Certificate = c.Certificate[:1] }},
		{"another name", leafOf(nil, x509.Certificate{DNSNames: []string{"elsewhere.example"}, ExtKeyUsage: server})},
		{"expired", leafOf(nil, x509.Certificate{IPAddresses: loopback, NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour), ExtKeyUsage: server})},
		{"not yet valid", leafOf(nil, x509.Certificate{IPAddresses: loopback, NotBefore: now.Add(time.Hour), NotAfter: now.Add(2 * time.Hour), ExtKeyUsage: server})},
		{"a gateway's certificate", leafOf(nil, x509.Certificate{IPAddresses: loopback, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, dir := newCampus(t, test.chain), t.TempDir()
			_, err := Enrol(t.Context(), Options{Dir: dir, Log: quiet}, c.server.URL, c.invitation())
			if !errors.Is(err, ErrAuthority) {
				t.Errorf("Enrol = %v, want %v", err, ErrAuthority)
			}
			if c.token == "used" {
				t.Error("the secret was told")
			}
			if _, err := Open(Options{Dir: dir}); !errors.Is(err, ErrNotEnrolled) {
				t.Errorf("Open = %v, want %v", err, ErrNotEnrolled)
			}
		})
	}
	t.Run("another campus altogether", func(t *testing.T) {
		c := newCampus(t)
		invitation := c.invitation()
		invitation.Authority = other.invitation().Authority
		if _, err := Enrol(t.Context(), Options{Dir: t.TempDir(), Log: quiet}, c.server.URL, invitation); !errors.Is(err, ErrAuthority) {
			t.Errorf("Enrol = %v, want %v", err, ErrAuthority)
		}
	})
	t.Run("no TLS", func(t *testing.T) {
		if _, err := Enrol(t.Context(), Options{Dir: t.TempDir()}, "http://127.0.0.1:1", other.invitation()); err == nil || !strings.Contains(err.Error(), "https") {
			t.Errorf("Enrol = %v", err)
		}
	})
}

// A board that wakes in 1970 can enrol and be served all the same.
func TestClockThatWasNeverSetDoesNotLockOut(t *testing.T) {
	c := newCampus(t)
	epoch := func() time.Time { return time.Unix(30, 0) }
	i, err := Enrol(t.Context(), Options{Dir: t.TempDir(), Log: quiet, Now: epoch}, c.server.URL, c.invitation())
	if err != nil {
		t.Fatal(err)
	}
	leaf := i.current.Load().certificate.Leaf
	if got := i.Now(); !got.Equal(leaf.NotBefore) {
		t.Errorf("Now = %v, want the beginning of the certificate, %v", got, leaf.NotBefore)
	}
	later := leaf.NotBefore.Add(time.Hour)
	i.NotBefore(later)
	i.NotBefore(leaf.NotBefore)
	if got := i.Now(); !got.Equal(later) {
		t.Errorf("Now = %v, want %v", got, later)
	}
	if err := talk(t, c, i); err != nil {
		t.Errorf("request = %v", err)
	}
}

// What the authority signed tells a clock that is not sure what time has passed; a clock that is sure does not ask.
func TestLearnFromACertificateThatIsNotValidYet(t *testing.T) {
	c, foreign := newCampus(t), newCampus(t)
	for _, tt := range []struct {
		name   string
		issuer *campus
		sure   bool
		learns bool
	}{
		{"of this campus", c, false, true},
		{"of another campus", foreign, false, false},
		{"by a clock that is sure", c, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Now().Add(-time.Minute)
			i, err := Enrol(t.Context(), Options{Dir: t.TempDir(), Log: quiet, Now: func() time.Time { return now }, Sure: func() bool { return tt.sure }}, c.server.URL, c.invitation())
			if err != nil {
				t.Fatal(err)
			}
			c.token = base64.RawURLEncoding.EncodeToString(make([]byte, 32)) // the invitation is good once more
			began := time.Now().Add(time.Hour).Truncate(time.Second)
			leaf := tt.issuer.issue(t, x509.Certificate{
				DNSNames: []string{contract.GatewayHost("annexe")}, NotBefore: began, NotAfter: began.Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			}, &key(t).PublicKey)
			i.Learn(fmt.Errorf("handshake: %w", &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{leaf}, Err: x509.CertificateInvalidError{Reason: x509.Expired}}))
			if got := i.Now().Equal(began); got != tt.learns {
				t.Errorf("Now = %v, certificate begins %v: learnt %v, want %v", i.Now(), began, got, tt.learns)
			}
			i.Learn(errors.New("connection refused"))
		})
	}
}

// A clock that nobody vouches for and that shows a year in which this gateway's certificate has long ended is not believed.
func TestClockThatIsUnsureAndFarAhead(t *testing.T) {
	c := newCampus(t)
	sure, now := false, time.Now()
	o := Options{Dir: t.TempDir(), Log: quiet, Now: func() time.Time { return now }, Sure: func() bool { return sure }}
	i, err := Enrol(t.Context(), o, c.server.URL, c.invitation())
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(20 * 365 * 24 * time.Hour)
	leaf := i.current.Load().certificate.Leaf
	if got := i.Now(); !got.Equal(leaf.NotBefore) {
		t.Errorf("Now = %v, want the last moment known to have passed, %v", got, leaf.NotBefore)
	}
	if err := talk(t, c, i); err != nil {
		t.Errorf("request = %v", err)
	}
	if sure = true; !i.Now().Equal(now) {
		t.Errorf("Now = %v, want the clock's once it is sure", i.Now())
	}
}

// talk makes one request that needs the certificate.
func talk(t *testing.T, c *campus, i *Identity) error {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: i.ClientTLS()}
	defer transport.CloseIdleConnections()
	return i.renew(t.Context(), &contract.Client{HTTP: &http.Client{Transport: transport}, Base: c.server.URL})
}

func TestClientTrustsOnlyItsCampus(t *testing.T) {
	c, other := newCampus(t), newCampus(t)
	i, _ := enrolled(t, c)
	if err := talk(t, c, i); err != nil {
		t.Errorf("request to the own campus = %v", err)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](talk(t, other, i)); !ok {
		t.Error("request to another campus went through")
	}
}

func TestUnusableCredentialsAreRefused(t *testing.T) {
	other := newCampus(t)
	stranger := key(t)
	tests := []struct {
		name   string
		change func(c *campus) func(*contract.Credentials)
		want   error
	}{
		{"for another gateway", func(*campus) func(*contract.Credentials) {
			return func(k *contract.Credentials) { k.Gateway = "science" }
		}, ErrCredentials},
		{"of another authority", func(*campus) func(*contract.Credentials) {
			return func(k *contract.Credentials) { k.Authority = other.authority.Raw }
		}, ErrAuthority},
		{"for another key", func(c *campus) func(*contract.Credentials) {
			return func(k *contract.Credentials) { k.Certificate = c.credentials(t, &stranger.PublicKey).Certificate }
		}, ErrCredentials},
		{"certificate damaged", func(*campus) func(*contract.Credentials) {
			return func(k *contract.Credentials) { k.Certificate = k.Certificate[:50] }
		}, ErrCredentials},
		{"campus key too short", func(*campus) func(*contract.Credentials) {
			return func(k *contract.Credentials) { k.CampusKey = k.CampusKey[:16] }
		}, ErrCredentials},
		{"no building", func(*campus) func(*contract.Credentials) {
			return func(k *contract.Credentials) { k.Building = "" }
		}, ErrCredentials},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, dir := newCampus(t), t.TempDir()
			c.answer = test.change(c)
			if _, err := Enrol(t.Context(), Options{Dir: dir, Log: quiet}, c.server.URL, c.invitation()); !errors.Is(err, test.want) {
				t.Errorf("Enrol = %v, want %v", err, test.want)
			}
			if _, err := os.Stat(filepath.Join(dir, fileName)); !errors.Is(err, os.ErrNotExist) {
				t.Error("they were stored")
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	c := newCampus(t)
	_, dir := enrolled(t, c)
	path := filepath.Join(dir, fileName)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		text []byte
		mode os.FileMode
		want error
		says string
	}{
		{"readable by the group", good, 0o640, ErrMode, "chmod 600 " + path},
		{"readable by everyone", good, 0o604, ErrMode, "chmod 600 " + path},
		{"cut short", good[:len(good)/2], 0o600, ErrDamaged, "enrol again"},
		{"empty", nil, 0o600, ErrDamaged, path},
		{"of a later version", bytes.Replace(good, []byte(`"version": 1`), []byte(`"version": 2`), 1), 0o600, ErrDamaged, "version 2"},
		{"name changed by hand", bytes.ReplaceAll(good, []byte("library"), []byte("science")), 0o600, ErrCredentials, "science"},
		{"readable by the owner alone", good, 0o400, nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, test.text, test.mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := Open(Options{Dir: dir})
			if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("Open = %v, want %v that says %q", err, test.want, test.says)
			}
		})
	}
}
