package central

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
)

func ecdsaKey(t testing.TB, c *x509.Certificate) *ecdsa.PublicKey {
	t.Helper()
	key, ok := c.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		t.Fatalf("key is a %T, want ECDSA", c.PublicKey)
	}
	return key
}

// impostor makes a certificate with a gateway's names, signed by a key of one's own.
func impostor(t testing.TB, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gw-a"}, DNSNames: []string{contract.GatewayHost("gw-a")},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestStrangersAreTurnedAway(t *testing.T) {
	r := startRig(t)
	r.furnish()
	r.enrolled("gw-a", "A") // whom they claim to be
	batch := batchOf(t, contract.Stream{1}, 1, 1)

	nobody := r.visitor()
	_, err := nobody.SendBatch(t.Context(), batch)
	wantProblem(t, "batch without a certificate", err, http.StatusForbidden, contract.ProblemForbidden)
	_, err = nobody.SendReport(t.Context(), contract.Report{Version: contract.ReportVersion})
	wantProblem(t, "report without a certificate", err, http.StatusForbidden, contract.ProblemForbidden)
	_, err = nobody.Timetable(t.Context(), 0, 0)
	wantProblem(t, "timetable without a certificate", err, http.StatusForbidden, contract.ProblemForbidden)
	_, err = nobody.Credits(t.Context())
	wantProblem(t, "credits without a certificate", err, http.StatusForbidden, contract.ProblemForbidden)
	_, err = nobody.Renew(t.Context(), contract.Renewal{Request: requestFor(t, newKey(t))})
	wantProblem(t, "renewal without a certificate", err, http.StatusForbidden, contract.ProblemForbidden)

	foreign, other := r.visitor(), startRig(t)
	other.furnish()
	enrolledElsewhere := other.enrolled("gw-a", "A")
	foreign.show(enrolledElsewhere.credentials.Certificate, enrolledElsewhere.key)
	if _, err := foreign.SendBatch(t.Context(), batch); err == nil || isProblem(err) {
		t.Errorf("a certificate of another campus: %v, want the handshake refused", err)
	}

	forged, key := r.visitor(), newKey(t)
	forged.show(impostor(t, key), key)
	if _, err := forged.SendBatch(t.Context(), batch); err == nil || isProblem(err) {
		t.Errorf("a certificate signed by oneself: %v, want the handshake refused", err)
	}

	thief := r.visitor()
	victim := r.enrolled("gw-b", "B")
	thief.show(victim.credentials.Certificate, newKey(t)) // a copied certificate without its key
	if _, err := thief.SendBatch(t.Context(), batch); err == nil || isProblem(err) {
		t.Errorf("a certificate without its key: %v, want the handshake refused", err)
	}
}

func TestExpiredCertificateMayOnlyRenew(t *testing.T) {
	r := startRig(t)
	r.furnish()
	g := r.enrolled("gw-a", "A")
	batch := batchOf(t, contract.Stream{1}, 1, 1)
	if _, err := g.SendBatch(t.Context(), batch); err != nil {
		t.Fatal(err)
	}

	r.advance(31 * 24 * time.Hour)
	_, err := g.SendBatch(t.Context(), batch)
	wantProblem(t, "batch over a connection that outlived its certificate", err, http.StatusForbidden, contract.ProblemForbidden)
	g.transport.CloseIdleConnections()
	_, err = g.SendBatch(t.Context(), batch)
	wantProblem(t, "batch with an expired certificate", err, http.StatusForbidden, contract.ProblemForbidden)

	key := newKey(t)
	fresh, err := g.Renew(t.Context(), contract.Renewal{Request: requestFor(t, key)})
	if err != nil {
		t.Fatalf("Renew with an expired certificate = %v, want nil", err)
	}
	g.show(fresh.Certificate, key)
	if _, err := g.SendBatch(t.Context(), batch); err != nil {
		t.Errorf("SendBatch after renewal = %v, want nil", err)
	}

	r.advance((30 + 366) * 24 * time.Hour)
	g.transport.CloseIdleConnections()
	if _, err := g.Renew(t.Context(), contract.Renewal{Request: requestFor(t, key)}); err == nil || isProblem(err) {
		t.Errorf("Renew more than a year after the end = %v, want the handshake refused", err)
	}
}

// A stolen gateway is revoked, and its successor gets its name: the thief must not come back by that.
func TestANewEnrolmentEndsTheOldOne(t *testing.T) {
	r := startRig(t)
	r.furnish()
	stolen := r.enrolled("gw-a", "A")
	if err := r.Fleet.Revoke(t.Context(), "gw-a"); err != nil {
		t.Fatal(err)
	}
	r.advance(time.Minute)
	spare := r.enrolled("gw-a", "A")
	batch := batchOf(t, contract.Stream{1}, 1, 1)
	if _, err := spare.SendBatch(t.Context(), batch); err != nil {
		t.Errorf("SendBatch of the spare = %v, want nil", err)
	}
	if _, err := stolen.SendBatch(t.Context(), batch); err == nil {
		t.Error("SendBatch of the stolen gateway succeeded, want it refused")
	}
}

func TestCertificateNamesComeFromTheInvitation(t *testing.T) {
	r := startRig(t)
	r.furnish()
	g := r.enrolled("gw-a", "A")
	certificate, err := x509.ParseCertificate(g.credentials.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if len(certificate.DNSNames) != 1 || certificate.DNSNames[0] != "gw-a.gateway.rollcall.internal" {
		t.Errorf("host names = %v, want gw-a.gateway.rollcall.internal alone", certificate.DNSNames)
	}
	if len(certificate.URIs) != 1 || certificate.URIs[0].String() != "spiffe://rollcall/gateway/gw-a" {
		t.Errorf("URIs = %v, want spiffe://rollcall/gateway/gw-a alone", certificate.URIs)
	}
	if certificate.IsCA || certificate.KeyUsage&x509.KeyUsageCertSign != 0 {
		t.Error("the certificate may sign others")
	}
	left := certificate.NotAfter.Sub(r.clock())
	if left > 30*24*time.Hour || left < 30*24*time.Hour-time.Minute {
		t.Errorf("it lasts %v, want 30 days", left)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth} { // both ends of Raft
		_, err := certificate.Verify(x509.VerifyOptions{Roots: r.authority.Pool(), DNSName: contract.GatewayHost("gw-a"), KeyUsages: []x509.ExtKeyUsage{usage}})
		if err != nil {
			t.Errorf("usage %v: %v", usage, err)
		}
	}
}

func TestInvitations(t *testing.T) {
	r := startRig(t)
	r.furnish()
	ctx := t.Context()
	if _, err := r.Fleet.Invite(ctx, "gw-a", "Z"); !errors.Is(err, fleet.ErrUnknownBuilding) {
		t.Errorf("Invite to an unknown building = %v, want ErrUnknownBuilding", err)
	}
	if _, err := r.Fleet.Invite(ctx, "Gateway A", "A"); err == nil {
		t.Error("Invite of an impossible name = nil, want an error")
	}

	invitation, err := r.Fleet.Invite(ctx, "gw-a", "A")
	if err != nil {
		t.Fatal(err)
	}
	printed, err := contract.ParseInvitation(invitation.String())
	if err != nil || printed != invitation || printed.Authority != r.authority.Fingerprint() {
		t.Errorf("the printed invitation reads back as %+v, %v; want %+v", printed, err, invitation)
	}
	g := r.visitor()
	good := requestFor(t, newKey(t))

	weak, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tampered := append([]byte(nil), good...)
	tampered[len(tampered)-1] ^= 1
	for what, request := range map[string][]byte{"an RSA key": requestFor(t, weak), "a broken signature": tampered, "nothing": nil, "no DER": []byte("hello")} {
		_, err := g.Enrol(ctx, contract.Enrolment{Token: invitation.Secret, Request: request})
		wantProblem(t, what, err, http.StatusUnprocessableEntity, contract.ProblemNotAccepted)
	}
	for what, secret := range map[string]string{"an unknown secret": "AAAA", "no base64": "!", "no secret": ""} {
		_, err := g.Enrol(ctx, contract.Enrolment{Token: secret, Request: good})
		wantProblem(t, what, err, http.StatusForbidden, contract.ProblemToken)
	}
	if _, err := g.Enrol(ctx, contract.Enrolment{Token: invitation.Secret, Request: good}); err != nil {
		t.Errorf("Enrol after bad requests = %v, want nil: they do not spend the invitation", err)
	}
	_, err = g.Enrol(ctx, contract.Enrolment{Token: invitation.Secret, Request: good})
	wantProblem(t, "the secret a second time", err, http.StatusForbidden, contract.ProblemToken)

	late, err := r.Fleet.Invite(ctx, "gw-b", "A")
	if err != nil {
		t.Fatal(err)
	}
	r.advance(time.Hour + time.Second)
	_, err = g.Enrol(ctx, contract.Enrolment{Token: late.Secret, Request: good})
	wantProblem(t, "an invitation of more than an hour ago", err, http.StatusForbidden, contract.ProblemToken)
}

// Who calls a stream its own is its owner, whoever delivered it first; the first claim stands.
func TestOwnersOfStreams(t *testing.T) {
	r := startRig(t)
	r.furnish()
	a, b := r.enrolled("gw-a", "A"), r.enrolled("gw-b", "B")
	stream := contract.Stream{1}
	owner := func() string {
		streams, err := r.store.Streams(t.Context())
		if err != nil || len(streams) != 1 {
			t.Fatalf("%d streams, %v; want 1", len(streams), err)
		}
		return streams[0].Gateway
	}
	own := func(g *gatewayRig, mine bool) {
		_, err := g.SendReport(t.Context(), contract.Report{Version: 1, Streams: []contract.StreamState{{Stream: stream, Durable: 9, Own: mine}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.SendBatch(t.Context(), batchOf(t, stream, 1, 2)); err != nil {
		t.Fatalf("a neighbour delivers: %v", err)
	}
	for _, step := range []struct {
		name string
		do   func()
		want string
	}{
		{"the first sender", func() {}, "gw-b"},
		{"a report of a replica changes nothing", func() { own(a, false) }, "gw-b"},
		{"the owner claims it", func() { own(a, true) }, "gw-a"},
		{"another claim comes too late", func() { own(b, true) }, "gw-a"},
	} {
		step.do()
		if got := owner(); got != step.want {
			t.Errorf("%s: owner = %s, want %s", step.name, got, step.want)
		}
	}
}
