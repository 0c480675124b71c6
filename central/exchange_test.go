package central

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
)

// proves has a gateway report which authority its certificate is of.
func (g *gatewayRig) proves(t testing.TB, r *rig, authority *x509.Certificate) {
	t.Helper()
	report := contract.Report{Version: contract.ReportVersion, At: r.clock()}
	if authority != nil {
		of := contract.Fingerprint(authority)
		report.Certificate = &contract.CertificateState{Authority: of[:], NotAfter: r.clock().Add(time.Hour), Trusts: [][]byte{of[:]}}
	}
	if _, err := g.SendReport(t.Context(), report); err != nil {
		t.Fatal(err)
	}
}

// renewed is a certificate for a gateway that believes these authorities, and who signed it.
func (g *gatewayRig) renewed(t testing.TB, believes ...*x509.Certificate) (credentials contract.Credentials, by *x509.Certificate, err error) {
	t.Helper()
	renewal := contract.Renewal{Request: requestFor(t, g.key)}
	for _, c := range believes {
		of := contract.Fingerprint(c)
		renewal.Trusts = append(renewal.Trusts, of[:])
	}
	credentials, err = g.Renew(t.Context(), renewal)
	if err != nil {
		return credentials, nil, err
	}
	by, err = x509.ParseCertificate(credentials.Authority)
	if err != nil {
		t.Fatal(err)
	}
	return credentials, by, nil
}

// again is the same gateway with a connection that believes the authorities of now.
func (g *gatewayRig) again(r *rig) *gatewayRig {
	n := r.visitor()
	n.key = g.key
	n.show(g.credentials.Certificate, g.key)
	return n
}

func TestExchangeOfTheAuthority(t *testing.T) {
	for _, compromised := range []bool{false, true} {
		t.Run(fmt.Sprintf("compromised %v", compromised), func(t *testing.T) { exchange(t, compromised) })
	}
}

func exchange(t *testing.T, compromised bool) {
	cfg := testConfig(t)
	r := startRigAt(t, cfg)
	r.furnish()
	ctx := t.Context()
	a, away, older := r.enrolled("gw-a", "A"), r.enrolled("gw-away", "A"), r.enrolled("gw-older", "B")
	former := r.authority.Certificate()
	a.proves(t, r, former)
	away.proves(t, r, former)
	older.proves(t, r, nil)

	wantDepend(t, "rotate while a gateway cannot follow", r.Fleet.RotateAuthority(ctx, false), []string{"gw-older"}, []string{"gw-a", "gw-away"})
	if err := r.Fleet.RetireAuthority(ctx, fleet.Retirement{Force: true}); !errors.Is(err, fleet.ErrNotRotating) {
		t.Errorf("retire before rotate = %v, want %v", err, fleet.ErrNotRotating)
	}
	if err := r.Fleet.Revoke(ctx, "gw-older"); err != nil {
		t.Fatal(err)
	}
	if err := r.Fleet.RotateAuthority(ctx, false); err != nil {
		t.Fatal(err)
	}
	if err := r.Fleet.RotateAuthority(ctx, false); !errors.Is(err, fleet.ErrRotating) {
		t.Errorf("rotate twice = %v, want %v", err, fleet.ErrRotating)
	}
	d := a.told(t, r, 0, 0) // signed by the former, as told checks
	authorities, successions, err := d.Trust.Parse()
	if err != nil || len(authorities) != 2 || !authorities[0].Equal(former) || len(successions) != 1 || successions[0].CheckSignatureFrom(former) != nil {
		t.Fatalf("gateways are told of %d authorities and %d successions, %v; want the former, the next, and that the former vouches for it", len(authorities), len(successions), err)
	}
	next := authorities[1]

	if _, by, err := a.renewed(t, former); err != nil || !by.Equal(former) {
		t.Errorf("renewal of a gateway that believes the former alone: %v, by another authority", err)
	}
	credentials, by, err := a.renewed(t, former, next)
	if err != nil || !by.Equal(next) {
		t.Fatalf("renewal of a gateway that believes both: %v, by another authority", err)
	}
	a.show(credentials.Certificate, a.key)
	wantDepend(t, "retire while two depend", r.Fleet.RetireAuthority(ctx, fleet.Retirement{}), []string{"gw-a", "gw-away"}, []string{"gw-older"})
	a.proves(t, r, next)
	wantDepend(t, "retire while one depends", r.Fleet.RetireAuthority(ctx, fleet.Retirement{}), []string{"gw-away"}, []string{"gw-a "})
	if err := r.Fleet.RetireAuthority(ctx, fleet.Retirement{Force: true, Compromised: compromised}); err != nil {
		t.Fatal(err)
	}
	checkAuthorityFile(t, filepath.Join(cfg.Data, "authority.pem"))

	batch := batchOf(t, contract.Stream{1}, 1, 1)
	if _, err := a.SendBatch(ctx, batch); err != nil {
		t.Errorf("batch under the next authority: %v", err)
	}
	if _, err := away.SendBatch(ctx, batch); err == nil {
		t.Error("a batch under the retired authority is taken over a connection made before")
	}
	back := away.again(r)
	_, err = back.SendBatch(ctx, batch)
	if compromised {
		if err == nil || isProblem(err) {
			t.Errorf("batch under a compromised authority: %v, want the handshake refused", err)
		}
		if _, _, err := back.renewed(t, former, next); err == nil || isProblem(err) {
			t.Errorf("renewal under a compromised authority: %v, want the handshake refused", err)
		}
		return
	}
	wantProblem(t, "batch under the retired authority", err, http.StatusForbidden, contract.ProblemForbidden)
	credentials, by, err = back.renewed(t, former, next)
	if err != nil || !by.Equal(next) {
		t.Fatalf("renewal under the retired authority: %v, or not by the next", err)
	}
	back.show(credentials.Certificate, back.key)
	if _, err := back.SendBatch(ctx, batch); err != nil {
		t.Errorf("batch after the renewal: %v", err)
	}
	if signed, err := back.Timetable(ctx, 0, 0); err != nil || contract.Verify(ecdsaKey(t, next), signed.Document, signed.Signature) != nil {
		t.Errorf("the timetable published before: %v, or not signed by the authority in force", err)
	}
	if d := back.told(t, r, 0, 0); len(d.Trust.Authorities) != 1 || !bytes.Equal(d.Trust.Authorities[0], next.Raw) {
		t.Errorf("gateways are told of %d authorities, want the next alone", len(d.Trust.Authorities))
	}
}

// wantDepend checks that an error names these gateways and not those.
func wantDepend(t *testing.T, what string, err error, named, unnamed []string) {
	t.Helper()
	if !errors.Is(err, fleet.ErrDepend) {
		t.Fatalf("%s = %v, want %v", what, err, fleet.ErrDepend)
	}
	for _, name := range named {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s = %v, want %s named", what, err, name)
		}
	}
	for _, name := range unnamed {
		if strings.Contains(err.Error(), name) {
			t.Errorf("%s = %v, want %s not named", what, err, name)
		}
	}
}

// checkAuthorityFile makes sure that the file is closed to others and the retired key gone from it.
func checkAuthorityFile(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("authority.pem has mode %v, want 0600", info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("BEGIN PRIVATE KEY")); n != 1 {
		t.Errorf("authority.pem holds %d keys, want the one in force", n)
	}
}
