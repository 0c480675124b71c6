package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func openAuthority(t testing.TB, dir string, now func() time.Time) *Authority {
	t.Helper()
	a, err := OpenAuthority(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAuthorityStaysTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, second := openAuthority(t, dir, time.Now), openAuthority(t, dir, time.Now)
	if first.Fingerprint() != second.Fingerprint() || string(first.CampusKey()) != string(second.CampusKey()) {
		t.Error("the authority changed when it was opened again")
	}
	for _, name := range []string{"authority.pem", "campus.key", "seal.key"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", name, info.Mode().Perm())
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".secret-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files %v are left, %v", left, err)
	}

	c := first.Certificate()
	if !c.IsCA || c.CheckSignatureFrom(c) != nil || c.NotAfter.Before(time.Now().AddDate(9, 11, 0)) {
		t.Errorf("certificate %v until %v, want a self-signed authority for 10 years", c.Subject, c.NotAfter)
	}
	der, err := x509.MarshalPKIXPublicKey(c.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if first.Fingerprint() != sha256.Sum256(der) {
		t.Error("the fingerprint is not that of the public key")
	}
	document := []byte("timetable")
	signature, err := second.Sign(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := contract.Verify(c.PublicKey.(*ecdsa.PublicKey), document, signature); err != nil {
		t.Error(err)
	}
}

func TestCommandsThatStartTogetherAgreeOnOneAuthority(t *testing.T) {
	dir := t.TempDir()
	var prints [8][32]byte
	var starts sync.WaitGroup
	for i := range prints {
		starts.Go(func() {
			a, err := OpenAuthority(dir, time.Now)
			if err != nil {
				t.Error(err)
				return
			}
			prints[i] = a.Fingerprint()
		})
	}
	starts.Wait()
	for i, p := range prints {
		if p != prints[0] {
			t.Errorf("start %d has another authority than start 0", i)
		}
	}
}

func TestRow64KeysOpenToOthersAreRefused(t *testing.T) {
	for _, name := range []string{"authority.pem", "campus.key", "seal.key"} {
		dir := t.TempDir()
		openAuthority(t, dir, time.Now)
		path := filepath.Join(dir, name)
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		_, err := OpenAuthority(dir, time.Now)
		want := "open authority: file with a key is open to others: " + path + " has mode 0640; run chmod 0600 " + path
		if !errors.Is(err, ErrMode) || err.Error() != want {
			t.Errorf("OpenAuthority = %v, want %q", err, want)
		}
	}
}

func TestDamagedKeysAreRefused(t *testing.T) {
	other := t.TempDir()
	openAuthority(t, other, time.Now)
	foreign, err := os.ReadFile(filepath.Join(other, "authority.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, file string
		damage     func(own []byte) []byte
	}{
		{"empty", "authority.pem", func([]byte) []byte { return nil }},
		{"half", "authority.pem", func(b []byte) []byte { return b[:len(b)/2] }},
		{"the certificate of one and the key of another", "authority.pem", func(b []byte) []byte { return append(b[:len(b)/2:len(b)/2], foreign[len(b)/2:]...) }},
		{"short", "campus.key", func(b []byte) []byte { return b[:31] }},
		{"long", "campus.key", func(b []byte) []byte { return append(b, '\n') }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			openAuthority(t, dir, time.Now)
			path := filepath.Join(dir, tt.file)
			own, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, tt.damage(own), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := OpenAuthority(dir, time.Now); err == nil {
				t.Error("OpenAuthority = nil, want an error")
			}
		})
	}
}

// The listener's certificate is made anew a month before it ends, so that central may run for years.
func TestServerCertificateRenewsItself(t *testing.T) {
	now := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	f := &Fleet{authority: openAuthority(t, t.TempDir(), func() time.Time { return now })}
	current := func(c *tls.Config) *tls.Certificate {
		certificate, err := c.GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		return certificate
	}
	c := f.TLS([]string{"central.example", "192.0.2.7"})
	first := current(c)
	for _, step := range []struct {
		days int
		same bool
	}{{59, true}, {61, false}} {
		now = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC).AddDate(0, 0, step.days)
		if same := current(c) == first; same != step.same {
			t.Errorf("after %d days the certificate is the same: %v, want %v", step.days, same, step.same)
		}
	}
	fresh := current(c)
	for _, name := range []string{"central.example", "192.0.2.7", "localhost", "127.0.0.1", "::1"} {
		if err := fresh.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if len(fresh.Certificate) != 2 || string(fresh.Certificate[1]) != string(f.authority.Certificate().Raw) {
		t.Error("the chain does not end with the authority, which an enrolling gateway pins")
	}
	if _, err := fresh.Leaf.Verify(x509.VerifyOptions{Roots: f.authority.Pool(), CurrentTime: now}); err != nil {
		t.Error(err)
	}
}

// Certificates of the authority that are not a gateway's prove nothing.
func TestOnlyGatewaysAreGateways(t *testing.T) {
	a := openAuthority(t, t.TempDir(), time.Now)
	server := &serverCertificate{authority: a, names: []string{contract.GatewayHost("gw-a")}}
	listener, err := server.current()
	if err != nil {
		t.Fatal(err)
	}
	if id, _, err := a.verify(listener.Leaf); !errors.Is(err, ErrForeign) {
		t.Errorf("verify of a server certificate = %q, %v; want ErrForeign", id, err)
	}
	if id, _, err := a.verify(a.Certificate()); !errors.Is(err, ErrForeign) {
		t.Errorf("verify of the authority = %q, %v; want ErrForeign", id, err)
	}
}

// A certificate must not be due for renewal when it is issued, nor may its issue be told wrong, however short it lives.
func TestLivesOfCertificates(t *testing.T) {
	now := time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)
	a := openAuthority(t, t.TempDir(), func() time.Time { return now })
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ life, before time.Duration }{
		{30 * 24 * time.Hour, 24 * time.Hour},
		{48 * time.Hour, 24 * time.Hour},
		{24 * time.Hour, 24 * time.Hour},
		{2 * time.Hour, 2 * time.Hour},
		{2 * time.Minute, 2 * time.Minute},
	} {
		c, err := a.gatewayCertificate(a.lineage().present, "gw-a", &key.PublicKey, tt.life)
		if err != nil {
			t.Fatal(err)
		}
		if got := now.Sub(c.NotBefore); got != tt.before {
			t.Errorf("life of %v: begins %v before its issue, want %v", tt.life, got, tt.before)
		}
		if got := c.NotAfter.Sub(now); got != tt.life {
			t.Errorf("life of %v: ends after %v", tt.life, got)
		}
		if got := issuedAt(c); !got.Equal(now) {
			t.Errorf("life of %v: issued at %v, want %v", tt.life, got, now)
		}
	}
}
