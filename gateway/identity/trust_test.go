package identity

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// vouch has one authority certify the key of another.
func (c *campus) vouch(t *testing.T, next *campus) *x509.Certificate {
	t.Helper()
	return c.issue(t, x509.Certificate{Subject: next.authority.Subject, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, &next.key.PublicKey)
}

// refusal is how a handshake fails whose peer showed these certificates.
func refusal(chain ...*x509.Certificate) error {
	return fmt.Errorf("handshake: %w", &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: x509.UnknownAuthorityError{}})
}

func (i *Identity) believesIn(c *campus) bool {
	return among(i.current.Load().trust.inForce, c.authority)
}

// certified is an identity of a campus on disk, without a server.
func certified(t *testing.T, c *campus) *Identity {
	t.Helper()
	own := key(t)
	d, err := newDocument(own, newCheckpointKey(), c.credentials(t, &own.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := d.save(dir); err != nil {
		t.Fatal(err)
	}
	i, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestCentralSaysWhichAuthoritiesCount(t *testing.T) {
	former, next, stranger := newAuthority(t), newAuthority(t), newAuthority(t)
	i := certified(t, former)
	leaf := func(c *campus) *x509.Certificate { return c.issue(t, x509.Certificate{}, &key(t).PublicKey) }
	of := map[string]*x509.Certificate{"former": leaf(former), "next": leaf(next), "stranger": leaf(stranger)}
	step := func(what string, told contract.Trust, want map[string]bool) {
		t.Helper()
		if err := i.Trust(told); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		again, err := Open(Options{Dir: i.o.Dir})
		if err != nil {
			t.Fatalf("%s: after a restart: %v", what, err)
		}
		for name, c := range of {
			for when, id := range map[string]*Identity{"": i, " after a restart": again} {
				if got := id.Believes(c) == nil; got != want[name] {
					t.Errorf("%s: the %s is believed%s: %v, want %v", what, name, when, got, want[name])
				}
			}
		}
	}
	successions := [][]byte{former.vouch(t, next).Raw}
	step("nothing said", contract.Trust{}, map[string]bool{"former": true})
	step("overlap", contract.Trust{Authorities: [][]byte{former.authority.Raw, next.authority.Raw}, Successions: successions}, map[string]bool{"former": true, "next": true})
	step("an older word of a fellow", contract.Trust{Authorities: [][]byte{former.authority.Raw}}, map[string]bool{"former": true, "next": true})
	step("retired", contract.Trust{Authorities: [][]byte{next.authority.Raw}, Successions: successions}, map[string]bool{"next": true})

	document := []byte("timetable")
	signature, err := contract.Sign(former.key, document)
	if err != nil {
		t.Fatal(err)
	}
	if contract.VerifyAny(i.AuthorityKeys(), document, signature) == nil {
		t.Error("what a retired authority signs now is believed")
	}
	if err := contract.VerifyAny(i.FormerKeys(), document, signature); err != nil {
		t.Errorf("what it signed before and lies on the disk: %v", err)
	}
	if err := i.Trust(contract.Trust{Authorities: [][]byte{{1, 2, 3}}}); !errors.Is(err, contract.ErrTrust) {
		t.Errorf("Trust of rubbish = %v, want %v", err, contract.ErrTrust)
	}
}

// Who was away while one authority followed another, or two did, finds the way by the chains that others show, and by no
// chain that its own authority did not begin.
func TestLearnFollowsSuccessions(t *testing.T) {
	former, next, last, rogue := newAuthority(t), newAuthority(t), newAuthority(t), newAuthority(t)
	leaf := func(c *campus) *x509.Certificate {
		return c.issue(t, x509.Certificate{IPAddresses: loopback, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, &key(t).PublicKey)
	}
	notCA := former.issue(t, x509.Certificate{Subject: rogue.authority.Subject}, &rogue.key.PublicKey)
	for _, tt := range []struct {
		name  string
		chain []*x509.Certificate
		by    *campus
		want  bool
	}{
		{"the next", []*x509.Certificate{leaf(next), next.authority, former.vouch(t, next)}, next, true},
		{"the one after it, in any order", []*x509.Certificate{leaf(last), last.authority, next.vouch(t, last), former.vouch(t, next)}, last, true},
		{"a rogue that vouches for itself", []*x509.Certificate{leaf(rogue), rogue.authority, rogue.vouch(t, rogue)}, rogue, false},
		{"a rogue beside a true succession", []*x509.Certificate{leaf(rogue), rogue.authority, former.vouch(t, next)}, rogue, false},
		{"a gateway's certificate that poses as an authority", []*x509.Certificate{leaf(rogue), notCA}, rogue, false},
		{"a chain with a step missing", []*x509.Certificate{leaf(last), last.authority, next.vouch(t, last)}, last, false},
		{"no chain", []*x509.Certificate{leaf(next)}, next, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := certified(t, former)
			i.Learn(refusal(tt.chain...))
			if got := i.believesIn(tt.by); got != tt.want {
				t.Errorf("it is believed: %v, want %v", got, tt.want)
			}
			_, err := tt.chain[0].Verify(x509.VerifyOptions{Roots: i.Authority()})
			if got := err == nil; got != tt.want {
				t.Errorf("the next handshake succeeds: %v, %v, want %v", got, err, tt.want)
			}
			if again, err := Open(Options{Dir: i.o.Dir}); err != nil || again.believesIn(tt.by) != tt.want {
				t.Errorf("after a restart: %v, want it believed: %v", err, tt.want)
			}
		})
	}
	retired := certified(t, former)
	if err := retired.Trust(contract.Trust{Authorities: [][]byte{next.authority.Raw}}); err != nil {
		t.Fatal(err)
	}
	retired.Learn(refusal(leaf(rogue), former.vouch(t, rogue)))
	if retired.believesIn(rogue) {
		t.Error("a retired authority still vouches for others")
	}
}

// A gateway renews under an authority that follows at once, and asks no more if central cannot give it that.
func TestRenewalUnderTheNextAuthority(t *testing.T) {
	for _, follows := range []bool{true, false} {
		t.Run(fmt.Sprintf("central follows %v", follows), func(t *testing.T) {
			renewing(t, func(t *testing.T, i *Identity, r *registrar, swaps *atomic.Int32) {
				former, next := r.campus, newAuthority(t)
				if follows {
					r.mu.Lock()
					r.campus = next
					r.mu.Unlock()
				}
				told := contract.Trust{Authorities: [][]byte{former.authority.Raw, next.authority.Raw}, Successions: [][]byte{former.vouch(t, next).Raw}}
				if err := i.Trust(told); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if r.times() != 1 || swaps.Load() != 1 {
					t.Errorf("renewed %d times, swapped %d times within an hour, want once", r.times(), swaps.Load())
				}
				want := former
				if follows {
					want = next
				}
				if got := i.current.Load(); contract.Fingerprint(got.authority) != contract.Fingerprint(want.authority) {
					t.Error("the certificate in force is of the other authority")
				}
				if c, _ := i.Certificate(); len(c.Certificate) != 2 {
					t.Errorf("the chain has %d certificates, want the succession beside its own", len(c.Certificate))
				}
			})
		})
	}
}
