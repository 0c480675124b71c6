package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"log/slog"
	"slices"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// maxKept bounds how many former authorities and successions are remembered.
const maxKept = 16

// trust is which authorities this gateway believes. It never changes; what is learnt makes another.
type trust struct {
	inForce     []*x509.Certificate // the newest last, never empty
	past        []*x509.Certificate // believed once: what they signed may lie on this disk
	successions []*x509.Certificate // in each an earlier authority certifies the key of a later one
}

// told is trust after central named the authorities that count. Those that one of them vouched for stay as well: a fellow may
// have been told of them sooner.
func (t trust) told(authorities, successions []*x509.Certificate) trust {
	n := trust{inForce: slices.Clone(authorities), past: t.past, successions: merge(t.successions, successions)}
	for _, c := range reach(authorities, n.successions) {
		if among(t.inForce, c) && !among(n.inForce, c) {
			n.inForce = append(n.inForce, c)
		}
	}
	for _, c := range t.inForce {
		if !among(n.inForce, c) && !among(n.past, c) {
			n.past = append(n.past, c)
		}
	}
	n.past = lastOf(slices.DeleteFunc(slices.Clone(n.past), func(c *x509.Certificate) bool { return among(n.inForce, c) }))
	return n
}

// follow is trust after somebody showed a chain: an authority in it for which one in force vouches is believed too.
func (t trust) follow(chain []*x509.Certificate) trust {
	var candidates []*x509.Certificate
	for _, c := range chain {
		if _, ok := c.PublicKey.(*ecdsa.PublicKey); ok && c.BasicConstraintsValid && c.IsCA {
			candidates = append(candidates, c)
		}
	}
	n := t
	n.inForce = reach(t.inForce, candidates)
	n.successions = merge(t.successions, n.inForce[len(t.inForce):])
	return n
}

// reach adds to authorities those for whom they vouch in successions, in any number of steps.
func reach(authorities, successions []*x509.Certificate) []*x509.Certificate {
	reached := slices.Clone(authorities)
	for grown := true; grown; {
		grown = false
		for _, s := range successions {
			if !among(reached, s) && vouched(s, reached) {
				reached, grown = append(reached, s), true
			}
		}
	}
	return reached
}

// vouched tells whether one of some authorities signed a certificate.
func vouched(c *x509.Certificate, by []*x509.Certificate) bool {
	return slices.ContainsFunc(by, func(a *x509.Certificate) bool { return c.CheckSignatureFrom(a) == nil })
}

// among tells whether an authority is in a list: by its key, whoever certified that.
func among(list []*x509.Certificate, c *x509.Certificate) bool {
	return slices.ContainsFunc(list, func(o *x509.Certificate) bool { return contract.Fingerprint(o) == contract.Fingerprint(c) })
}

// merge adds what is not in a list of certificates.
func merge(list, more []*x509.Certificate) []*x509.Certificate {
	merged := slices.Clone(list)
	for _, c := range more {
		if !slices.ContainsFunc(merged, c.Equal) {
			merged = append(merged, c)
		}
	}
	return lastOf(merged)
}

func lastOf(list []*x509.Certificate) []*x509.Certificate { return list[max(0, len(list)-maxKept):] }

func (t trust) equal(o trust) bool {
	same := func(a, b *x509.Certificate) bool { return a.Equal(b) }
	return slices.EqualFunc(t.inForce, o.inForce, same) && slices.EqualFunc(t.past, o.past, same) && slices.EqualFunc(t.successions, o.successions, same)
}

func (t trust) newest() *x509.Certificate { return t.inForce[len(t.inForce)-1] }

func (t trust) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range t.inForce {
		pool.AddCert(c)
	}
	return pool
}

func keysOf(authorities ...*x509.Certificate) []*ecdsa.PublicKey {
	var keys []*ecdsa.PublicKey
	for _, c := range authorities {
		keys = append(keys, c.PublicKey.(*ecdsa.PublicKey)) // parseTrust and follow take no other
	}
	return keys
}

// note writes trust into a document; one authority that was never another's successor needs no words.
func (t trust) note(d *document) {
	d.Trust, d.Past = contract.Trust{}, rawOf(t.past)
	if len(t.inForce) > 1 || len(t.successions) > 0 || !bytes.Equal(t.inForce[0].Raw, d.Authority) {
		d.Trust = contract.Trust{Authorities: rawOf(t.inForce), Successions: rawOf(t.successions)}
	}
}

func rawOf(certificates []*x509.Certificate) [][]byte {
	var raw [][]byte
	for _, c := range certificates {
		raw = append(raw, c.Raw)
	}
	return raw
}

// parseTrust reads the authorities of a document, whose certificate is of the one given.
func (d document) parseTrust(issuer *x509.Certificate) (t trust, err error) {
	if t.inForce, t.successions, err = d.Trust.Parse(); err != nil {
		return t, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	if len(t.inForce) == 0 {
		t.inForce = []*x509.Certificate{issuer}
	}
	t.past, _, err = contract.Trust{Authorities: d.Past}.Parse()
	if err != nil {
		return t, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	return t, nil
}

// Trust believes the authorities that central names from now on, and no others but those they vouched for. None named means
// nothing.
func (i *Identity) Trust(told contract.Trust) error {
	authorities, successions, err := told.Parse()
	if err != nil || len(authorities) == 0 {
		return err
	}
	return i.believe(func(t trust) trust { return t.told(authorities, successions) })
}

// believe puts another trust into force and on disk. One that cannot be kept is in force all the same.
func (i *Identity) believe(change func(trust) trust) error {
	i.changing.Lock()
	defer i.changing.Unlock()
	held := i.current.Load()
	t := change(held.trust)
	if t.equal(held.trust) {
		return nil
	}
	d := held.document
	t.note(&d)
	c, err := d.credentials()
	if err != nil {
		return err
	}
	err = d.save(i.o.Dir)
	i.use(c)
	i.o.Log.Info("campus authorities believed from now on", slog.Int("in_force", len(t.inForce)), slog.Int("past", len(t.past)))
	return err
}

// Believes says why a certificate is of no authority in force; nil when it is of one. Its names and times are not looked at.
func (i *Identity) Believes(leaf *x509.Certificate) error {
	if !vouched(leaf, i.current.Load().trust.inForce) {
		return ErrRetired
	}
	return nil
}

// State is what central is told of this gateway's certificate.
func (i *Identity) State() *contract.CertificateState {
	c := i.current.Load()
	of := contract.Fingerprint(c.authority)
	return &contract.CertificateState{Authority: of[:], NotAfter: i.NotAfter(), Trusts: c.trust.prints()}
}

func (t trust) prints() [][]byte {
	var prints [][]byte
	for _, c := range t.inForce {
		print := contract.Fingerprint(c)
		prints = append(prints, print[:])
	}
	return prints
}
