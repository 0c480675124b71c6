package fleet

import (
	"context"
	"crypto/tls"
	"fmt"
)

// Caller is a gateway that a connection has proved to be.
type Caller struct {
	Gateway  string
	Building string
	Expired  bool // its certificate has ended: it may only renew
	Retired  bool // so has the authority that signed it: likewise
}

// Identify names the gateway at the other end of a connection and checks that it is still welcome: issued by this
// authority or one it followed, not revoked, not superseded by a later enrolment, expired for at most a year. It is asked at every handshake
// and at every request, because connections live long.
func (f *Fleet) Identify(ctx context.Context, state *tls.ConnectionState) (Caller, error) {
	if state == nil || len(state.PeerCertificates) == 0 {
		return Caller{}, ErrNoCertificate
	}
	leaf := state.PeerCertificates[0]
	id, retired, err := f.authority.verify(leaf)
	if err != nil {
		return Caller{}, err
	}
	gateway, err := f.store.Gateway(ctx, id)
	if err != nil {
		return Caller{}, fmt.Errorf("identify gateway %s: %w", id, err)
	}
	now := f.now()
	switch {
	case !gateway.RevokedAt.IsZero():
		return Caller{}, fmt.Errorf("%w: %s", ErrRevoked, id)
	case issuedAt(leaf).Before(gateway.EnrolledAt):
		return Caller{}, fmt.Errorf("%w: %s", ErrSuperseded, id)
	case now.After(leaf.NotAfter.Add(renewalGrace)):
		return Caller{}, fmt.Errorf("%w: it ended on %s", ErrExpired, leaf.NotAfter.Format("2 January 2006"))
	}
	return Caller{Gateway: id, Building: gateway.Building, Expired: now.After(leaf.NotAfter), Retired: retired}, nil
}
