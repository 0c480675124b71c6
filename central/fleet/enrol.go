package fleet

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Invitation is what is kept of a contract.Invitation: never the secret itself.
type Invitation struct {
	Secret    [32]byte // SHA-256 of the secret's 32 octets
	Gateway   string
	Building  string
	ExpiresAt time.Time
}

// Invite makes a one-time invitation for a gateway of a building. Using it ends every certificate the gateway had.
func (f *Fleet) Invite(ctx context.Context, gateway, building string) (contract.Invitation, error) {
	if err := contract.CheckGateway(gateway); err != nil {
		return contract.Invitation{}, err
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails: crypto/rand ends the process instead
	kept := Invitation{Secret: sha256.Sum256(secret), Gateway: gateway, Building: building, ExpiresAt: f.now().Add(f.life)}
	if err := f.store.AddInvitation(ctx, kept); err != nil {
		return contract.Invitation{}, fmt.Errorf("invite gateway %s to building %s: %w", gateway, building, err)
	}
	f.log.Info("gateway invited", "gateway", gateway, "building", building)
	return contract.Invitation{
		Gateway: gateway, Secret: base64.RawURLEncoding.EncodeToString(secret), Authority: f.authority.Fingerprint(),
	}, nil
}

// Enrol trades the secret of an invitation and a certificate request for credentials. The secret is spent only when the
// request was good.
func (f *Fleet) Enrol(ctx context.Context, e contract.Enrolment) (contract.Credentials, error) {
	key, err := requestKey(e.Request)
	if err != nil {
		return contract.Credentials{}, fmt.Errorf("enrol gateway: %w", err)
	}
	if err := checkCheckpointKey(e.CheckpointKey); err != nil {
		return contract.Credentials{}, fmt.Errorf("enrol gateway: %w", err)
	}
	secret, err := base64.RawURLEncoding.DecodeString(e.Token)
	if err != nil {
		return contract.Credentials{}, fmt.Errorf("enrol gateway: %w", ErrToken)
	}
	var credentials contract.Credentials
	now := f.now()
	err = f.store.Redeem(ctx, sha256.Sum256(secret), now, func(i Invitation) (Gateway, error) {
		l := f.authority.lineage()
		certificate, err := f.authority.gatewayCertificate(l.present, i.Gateway, key, f.lifetime) // which the invitation pins
		if err != nil {
			return Gateway{}, err
		}
		credentials = f.credentials(i.Gateway, i.Building, certificate, l.present, l)
		return Gateway{
			ID: i.Gateway, Building: i.Building, EnrolledAt: issuedAt(certificate),
			Serial: certificate.SerialNumber.Text(16), NotAfter: certificate.NotAfter, CheckpointKey: e.CheckpointKey,
		}, nil
	})
	if err != nil {
		return contract.Credentials{}, fmt.Errorf("enrol gateway: %w", err)
	}
	f.log.Info("gateway enrolled", "gateway", credentials.Gateway, "building", credentials.Building)
	return credentials, nil
}

// Renew gives a gateway, which has proved its present certificate, a fresh one.
func (f *Fleet) Renew(ctx context.Context, caller Caller, r contract.Renewal) (contract.Credentials, error) {
	key, err := requestKey(r.Request)
	if err != nil {
		return contract.Credentials{}, fmt.Errorf("renew certificate of %s: %w", caller.Gateway, err)
	}
	l := f.authority.lineage()
	by := l.believedBy(r.Trusts)
	certificate, err := f.authority.gatewayCertificate(by, caller.Gateway, key, f.lifetime)
	if err != nil {
		return contract.Credentials{}, fmt.Errorf("renew certificate of %s: %w", caller.Gateway, err)
	}
	if err := f.registerKey(ctx, caller.Gateway, r.CheckpointKey); err != nil {
		return contract.Credentials{}, fmt.Errorf("renew certificate of %s: %w", caller.Gateway, err)
	}
	if err := f.store.Renewed(ctx, caller.Gateway, certificate.SerialNumber.Text(16), certificate.NotAfter); err != nil {
		return contract.Credentials{}, fmt.Errorf("renew certificate of %s: %w", caller.Gateway, err)
	}
	f.log.Info("certificate renewed", "gateway", caller.Gateway, "expired", caller.Expired, "retired", caller.Retired)
	return f.credentials(caller.Gateway, caller.Building, certificate, by, l), nil
}

// registerKey notes the key for checkpoints that came with a renewal. A gateway keeps its key: another one is a device that
// was set up anew without an invitation, and somebody should know why.
func (f *Fleet) registerKey(ctx context.Context, gateway string, key []byte) error {
	if err := checkCheckpointKey(key); err != nil || len(key) == 0 {
		return err
	}
	replaced, err := f.store.RegisterKey(ctx, gateway, key, f.now())
	if replaced {
		f.log.Warn("gateway signs checkpoints with another key from now on", "gateway", gateway)
	}
	return err
}

func checkCheckpointKey(key []byte) error {
	if n := len(key); n != 0 && n != ed25519.PublicKeySize {
		return fmt.Errorf("%w: the checkpoint key has %d octets, want %d", ErrRequest, n, ed25519.PublicKeySize)
	}
	return nil
}

func (f *Fleet) credentials(gateway, building string, certificate *x509.Certificate, by signer, l *lineage) contract.Credentials {
	return contract.Credentials{
		Gateway: gateway, Building: building, Certificate: certificate.Raw,
		Authority: by.certificate.Raw, Trust: l.trust(), CampusKey: f.authority.campus,
	}
}
