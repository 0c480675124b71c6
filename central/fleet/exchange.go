package fleet

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// AuthorityStatus is where an exchange of the authority stands.
type AuthorityStatus struct {
	Present, Next *x509.Certificate // Next is nil unless an exchange is under way
	Past          []*x509.Certificate
	Gateways      []Dependent // who is not revoked and may still come back, by name
}

// Dependent is a gateway as far as the authority concerns it.
type Dependent struct {
	Gateway string
	HeardAt time.Time                  // of its last report; zero if there was none
	State   *contract.CertificateState // as it said then; nil from one of an earlier release
	Ready   bool                       // its certificate is of the newest authority
}

// Obstacle says why a gateway would be locked out if the former authority were retired now; empty if it would not.
func (d Dependent) Obstacle() string {
	switch {
	case d.Ready:
		return ""
	case d.HeardAt.IsZero():
		return "has never reported"
	case d.State == nil:
		return "is of a release that knows of one authority only; upgrade it"
	}
	return fmt.Sprintf("has a certificate of the former authority until %s, last heard %s",
		d.State.NotAfter.UTC().Format("2006-01-02 15:04Z"), d.HeardAt.UTC().Format("2006-01-02 15:04:05Z"))
}

// AuthorityStatus tells who still depends on the former authority.
func (f *Fleet) AuthorityStatus(ctx context.Context) (s AuthorityStatus, err error) {
	l := f.authority.lineage()
	s.Present, s.Past = l.present.certificate, l.past
	if l.next != nil {
		s.Next = l.next.certificate
	}
	gateways, err := f.store.Gateways(ctx)
	if err != nil {
		return s, fmt.Errorf("look who depends on the authority: %w", err)
	}
	newest := contract.Fingerprint(l.newest().certificate)
	for _, g := range gateways {
		if !g.RevokedAt.IsZero() || f.now().After(g.NotAfter.Add(renewalGrace)) {
			continue
		}
		d := Dependent{Gateway: g.ID, HeardAt: g.HeardAt}
		if g.Report != nil && g.Report.Certificate != nil {
			d.State = g.Report.Certificate
			d.Ready = bytes.Equal(d.State.Authority, newest[:])
		}
		s.Gateways = append(s.Gateways, d)
	}
	return s, nil
}

// RotateAuthority begins an exchange: a new authority is made, and gateways are told to believe it beside the present one
// and to renew under it. Unless forced it refuses while a gateway is heard that would not follow.
func (f *Fleet) RotateAuthority(ctx context.Context, force bool) error {
	s, err := f.AuthorityStatus(ctx)
	if err != nil {
		return err
	}
	var left []string
	for _, d := range s.Gateways {
		if d.State == nil && !d.HeardAt.IsZero() {
			left = append(left, d.Gateway+" "+d.Obstacle())
		}
	}
	if len(left) > 0 && !force {
		return fmt.Errorf("rotate authority: %w alone, and their neighbours' new certificates would be strange to them:\n  %s", ErrDepend, strings.Join(left, "\n  "))
	}
	if err := f.authority.change(func(l *lineage) (*lineage, error) { return l.rotate(f.now()) }); err != nil {
		return fmt.Errorf("rotate authority: %w", err)
	}
	f.log.Info("another authority follows; gateways are told to believe both")
	return f.tellAuthority(ctx)
}

// Retirement is how an authority is retired.
type Retirement struct {
	Force       bool // although gateways still depend on it
	Compromised bool // its certificates may not even ask for renewal
}

// RetireAuthority ends an exchange: the former authority counts no more, and its key is deleted. Unless forced it refuses
// while a gateway depends on it. One that does all the same may still ask for a new certificate, unless the former authority
// is said to be compromised.
func (f *Fleet) RetireAuthority(ctx context.Context, r Retirement) error {
	s, err := f.AuthorityStatus(ctx)
	if err != nil {
		return err
	}
	var left []string
	for _, d := range s.Gateways {
		if o := d.Obstacle(); o != "" {
			left = append(left, d.Gateway+" "+o)
		}
	}
	if s.Next != nil && len(left) > 0 && !r.Force {
		return fmt.Errorf("retire authority: %w:\n  %s\nwait for them, revoke those that are gone for ever, or use --force", ErrDepend, strings.Join(left, "\n  "))
	}
	if err := f.authority.change(func(l *lineage) (*lineage, error) { return l.retire(r.Compromised) }); err != nil {
		return fmt.Errorf("retire authority: %w", err)
	}
	f.log.Warn("the former authority is retired", "compromised", r.Compromised, "dependent", len(left))
	return f.tellAuthority(ctx)
}

// tellAuthority has every gateway told, after the authority is on disk.
func (f *Fleet) tellAuthority(ctx context.Context) error {
	if err := f.store.ReviseDirectory(ctx); err != nil {
		return fmt.Errorf("tell gateways of the authority: %w; any change of a cluster does it as well", err)
	}
	return nil
}
