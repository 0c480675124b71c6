package identity

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// The pace of renewal.
const (
	lookEvery  = time.Minute // at most: the clock may be set in between, or central tell that the certificate has ended
	retryFirst = time.Minute // after a renewal that failed, doubling
	retryMost  = time.Hour
)

// renewAt is two thirds into the life of a certificate.
func renewAt(leaf *x509.Certificate) time.Time {
	return leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 3 * 2)
}

// Registrar trades the present certificate for a fresh one over a connection that proves the present one.
type Registrar interface {
	Renew(ctx context.Context, r contract.Renewal) (contract.Credentials, error)
}

// Renewal keeps an identity fresh.
type Renewal struct {
	Identity *Identity
	Central  Registrar
	Renewed  func() // called after each swap, to close connections made under the old certificate; may be nil
	Log      *slog.Logger
}

// Run renews at two thirds of each certificate's life until ctx ends, and returns nil then. An expired certificate is
// renewed as well, if central lets it.
func (r *Renewal) Run(ctx context.Context) error {
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(r.pause(failures)):
		}
		if r.due() > 0 {
			continue
		}
		if err := r.Identity.renew(ctx, r.Central); err != nil {
			failures++
			r.Log.Warn("certificate not renewed", slog.Any("error", err))
			continue
		}
		failures = 0
		r.Log.Info("certificate renewed", slog.Time("not_after", r.Identity.NotAfter()))
		if r.Renewed != nil {
			r.Renewed()
		}
	}
}

// due is how long renewal may wait. A gateway that has no key for checkpoints gets one known by renewing at once.
func (r *Renewal) due() time.Duration {
	if r.Identity.CheckpointKey() == nil {
		return 0
	}
	return renewAt(r.Identity.current.Load().certificate.Leaf).Sub(r.Identity.Now())
}

// pause is how long to wait before looking again: with jitter, lest gateways enrolled together renew together.
func (r *Renewal) pause(failures int) time.Duration {
	if failures == 0 {
		return min(max(r.due(), 0), lookEvery) + rand.N(time.Second)
	}
	bound := retryMost
	if shift := failures - 1; shift < 10 && retryFirst<<shift < retryMost {
		bound = retryFirst << shift
	}
	return bound/2 + rand.N(bound/2)
}

// renew makes a new key, asks for its certificate, stores both and brings them into force.
func (i *Identity) renew(ctx context.Context, central Registrar) error {
	ctx, cancel := context.WithTimeout(ctx, enrolWithin)
	defer cancel()
	key, request, err := newKey()
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	checkpointKey := i.CheckpointKey()
	if checkpointKey == nil {
		checkpointKey = newCheckpointKey()
	}
	answer, err := central.Renew(ctx, contract.Renewal{Request: request, CheckpointKey: publicHalf(checkpointKey)})
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	d, err := newDocument(key, checkpointKey, answer)
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	c, err := d.credentials()
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	if held := i.current.Load(); c.gateway != held.gateway || !c.key.Equal(held.key) {
		return fmt.Errorf("renew: %w: they are of another gateway or campus", ErrCredentials)
	}
	if err := d.save(i.o.Dir); err != nil {
		return err
	}
	i.use(c)
	return nil
}
