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
	retryMost  = time.Hour   // of thirty days; less of a certificate that lives shorter
	retryEnded = 15 * time.Minute
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

	sought [32]byte // the newest authority when the certificate was renewed last
}

// Run renews at two thirds of each certificate's life until ctx ends, and returns nil then. An expired certificate is
// renewed as well, if central lets it.
func (r *Renewal) Run(ctx context.Context) error {
	for failures := 0; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(r.pause(failures)):
		case <-r.Identity.changed: // there may be an authority to renew under; pause once more, with jitter
			failures = 0
			continue
		}
		if r.due() > 0 {
			continue
		}
		if err := r.Identity.renew(ctx, r.Central); err != nil {
			failures++
			r.Log.Warn("certificate not renewed", slog.Any("error", err))
			continue
		}
		failures, r.sought = 0, contract.Fingerprint(r.Identity.current.Load().trust.newest())
		r.Log.Info("certificate renewed", slog.Time("not_after", r.Identity.NotAfter()))
		if r.Renewed != nil {
			r.Renewed()
		}
	}
}

// due is how long renewal may wait. A gateway that has no key for checkpoints gets one known by renewing at once, and one
// whose certificate is not of the newest authority asks for one that is, once for each authority that follows.
func (r *Renewal) due() time.Duration {
	c := r.Identity.current.Load()
	newest := contract.Fingerprint(c.trust.newest())
	if r.Identity.CheckpointKey() == nil || newest != contract.Fingerprint(c.authority) && newest != r.sought {
		return 0
	}
	return renewAt(c.certificate.Leaf).Sub(r.Identity.Now())
}

// pause is how long to wait before looking again: with jitter, lest gateways enrolled together renew together. Once the
// certificate has ended nothing reaches central without another, so there is less patience.
func (r *Renewal) pause(failures int) time.Duration {
	if failures == 0 {
		return min(max(r.due(), 0), lookEvery) + rand.N(time.Second)
	}
	leaf := r.Identity.current.Load().certificate.Leaf
	bound := min(retryMost, max(retryFirst, leaf.NotAfter.Sub(leaf.NotBefore)/720))
	if r.Identity.Now().After(leaf.NotAfter) {
		bound = min(bound, retryEnded)
	}
	if shift := failures - 1; shift < 10 {
		bound = min(bound, retryFirst<<shift)
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
	held := i.current.Load()
	answer, err := central.Renew(ctx, contract.Renewal{Request: request, CheckpointKey: publicHalf(checkpointKey), Trusts: held.trust.prints()})
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	i.changing.Lock()
	defer i.changing.Unlock()
	d, err := newDocument(key, checkpointKey, answer)
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	c, err := i.adopt(d, answer)
	if err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	if err := c.document.save(i.o.Dir); err != nil {
		return err
	}
	i.use(c)
	return nil
}

// adopt joins fresh credentials with what is believed: they must be of this gateway and of an authority that is believed.
func (i *Identity) adopt(d document, answer contract.Credentials) (*credentials, error) {
	held := i.current.Load()
	fresh, err := d.credentials()
	if err != nil {
		return nil, err
	}
	if fresh.gateway != held.gateway || !among(held.trust.inForce, fresh.authority) {
		return nil, fmt.Errorf("%w: they are of another gateway or campus", ErrCredentials)
	}
	t := held.trust
	if len(answer.Trust.Authorities) > 0 {
		t = t.told(fresh.trust.inForce, fresh.trust.successions)
	}
	t.note(&d)
	return d.credentials()
}
