// Package identity holds what a gateway proves itself with: a P-256 key made on the gateway, its certificate, the campus
// authority it trusts and the campus key it tells cards by. It enrols, renews before expiry and swaps without a restart.
// It opens no listener and knows nothing of taps.
package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// What keeps a gateway from proving itself.
var (
	ErrNotEnrolled = errors.New("this gateway is not enrolled; ask central for an invitation and run: rollcall-gateway enrol")
	ErrMode        = errors.New("others may read the gateway's key")
	ErrDamaged     = errors.New("identity is damaged; enrol again")
	ErrAuthority   = errors.New("the server is not of the campus that sent the invitation")
	ErrCredentials = errors.New("central sent credentials that are not usable")
	ErrRetired     = errors.New("the certificate is of no authority that counts")
)

// Options of an Identity.
type Options struct {
	Dir        string // holds identity.json, mode 0600
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // nil is time.Now
	Sure       func() bool      // whether Now is right; nil: it is
}

func (o *Options) defaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sure == nil {
		o.Sure = func() bool { return true }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Identity is who this gateway is. Safe from any goroutine; renewal swaps the certificate under its users.
type Identity struct {
	o       Options
	current atomic.Pointer[credentials]
	floor   atomic.Int64 // a moment that has passed for certain, nanoseconds since 1970

	changing sync.Mutex    // held while another issue is made
	changed  chan struct{} // holds one: the authorities are others
}

// credentials is one issue of the identity, ready for use; it never changes.
type credentials struct {
	gateway     string
	building    string
	certificate *tls.Certificate  // with Leaf
	authority   *x509.Certificate // which signed it
	trust       trust
	pool        *x509.CertPool // of those in force
	document    document
	campusKey   []byte

	checkpointKey ed25519.PrivateKey // nil until the first renewal of an identity that an earlier release made
}

// Open reads the identity that Enrol stored. ErrNotEnrolled means there is none yet; ErrMode that the file may be read by
// others, with the command that mends it.
func Open(o Options) (*Identity, error) {
	o.defaults()
	d, err := load(o.Dir)
	if err != nil {
		return nil, err
	}
	c, err := d.credentials()
	if err != nil {
		return nil, err
	}
	i := &Identity{o: o, changed: make(chan struct{}, 1)}
	i.NotBefore(built())
	i.use(c)
	i.register(o.Registerer)
	return i, nil
}

// use brings credentials into force.
func (i *Identity) use(c *credentials) {
	i.current.Store(c)
	i.NotBefore(c.certificate.Leaf.NotBefore) // central made it, so that moment has passed
	select {
	case i.changed <- struct{}{}:
	default:
	}
}

// Gateway is the name in the certificate.
func (i *Identity) Gateway() string { return i.current.Load().gateway }

// Building is the building this gateway was enrolled for.
func (i *Identity) Building() string { return i.current.Load().building }

// CampusKey is the key of contract.DigestOf. The caller must not change it.
func (i *Identity) CampusKey() []byte { return i.current.Load().campusKey }

// CheckpointKey signs checkpoints of this gateway's streams; central knows its public half. It stays the same through
// renewals. It is nil until an identity that an earlier release made has been renewed.
func (i *Identity) CheckpointKey() ed25519.PrivateKey { return i.current.Load().checkpointKey }

// Certificate is the certificate in force, with its key.
func (i *Identity) Certificate() (*tls.Certificate, error) { return i.current.Load().certificate, nil }

// Authority is what certificates of this campus must chain to.
func (i *Identity) Authority() *x509.CertPool { return i.current.Load().pool }

// AuthorityKeys check what a campus authority signs.
func (i *Identity) AuthorityKeys() []*ecdsa.PublicKey {
	return keysOf(i.current.Load().trust.inForce...)
}

// FormerKeys check what an authority signed that was believed then and is not now. They are for documents on this disk.
func (i *Identity) FormerKeys() []*ecdsa.PublicKey { return keysOf(i.current.Load().trust.past...) }

// NotAfter is when the certificate in force expires.
func (i *Identity) NotAfter() time.Time { return i.current.Load().certificate.Leaf.NotAfter }

// NotBefore tells of a moment that has passed for certain, such as the time of a stored record. A clock that was never
// set is taken to stand there when certificates are checked, or a power cut would lock the gateway out.
func (i *Identity) NotBefore(t time.Time) {
	for {
		old := i.floor.Load()
		if t.UnixNano() <= old || i.floor.CompareAndSwap(old, t.UnixNano()) {
			return
		}
	}
}

// Now is the time by which certificates are checked: never before the last moment known to have passed. A clock that is not
// sure and shows a time at which this gateway could prove itself to nobody is not believed either.
func (i *Identity) Now() time.Time {
	now, floor := i.o.Now(), time.Unix(0, i.floor.Load())
	if now.Before(floor) || !i.o.Sure() && now.After(i.NotAfter()) {
		return floor
	}
	return now
}

// Learn looks at why a connection failed. A peer's chain may show the way from an authority this gateway believes to one
// that followed it, which is then believed too. While the clock is not sure, a peer's certificate of this campus that is not
// valid yet tells that its beginning has passed: the authority made it. The next attempt then succeeds.
func (i *Identity) Learn(err error) {
	refused, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(refused.UnverifiedCertificates) == 0 {
		return
	}
	chain := refused.UnverifiedCertificates
	if err := i.believe(func(t trust) trust { return t.follow(chain[1:]) }); err != nil {
		i.o.Log.Warn("authority believed but not on disk", slog.Any("error", err))
	}
	if !i.o.Sure() {
		i.learnTime(chain)
	}
}

func (i *Identity) learnTime(chain []*x509.Certificate) {
	leaf, others := chain[0], x509.NewCertPool()
	for _, c := range chain[1:] {
		others.AddCert(c)
	}
	options := x509.VerifyOptions{
		Roots: i.Authority(), Intermediates: others, CurrentTime: leaf.NotBefore,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if _, err := leaf.Verify(options); err == nil {
		i.NotBefore(leaf.NotBefore)
	}
}

// ClientTLS is for the next connection to central: TLS 1.3, the campus authorities in force alone, and whatever certificate
// is in force at the handshake.
func (i *Identity) ClientTLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		RootCAs:    i.Authority(),
		Time:       i.Now,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return i.Certificate()
		},
	}
}

// Warning is one sentence for a technician when the certificate has expired or should have been renewed by now.
func (i *Identity) Warning() string {
	leaf, now := i.current.Load().certificate.Leaf, i.Now()
	switch {
	case now.After(leaf.NotAfter):
		return fmt.Sprintf("the certificate of %s expired at %s: central lets it ask for a new one within a year; check the link to central",
			i.Gateway(), leaf.NotAfter.UTC().Format("2006-01-02 15:04Z"))
	case now.After(renewAt(leaf).Add(24 * time.Hour)):
		return fmt.Sprintf("the certificate of %s was not renewed and expires at %s: check the link to central",
			i.Gateway(), leaf.NotAfter.UTC().Format("2006-01-02 15:04Z"))
	}
	return ""
}

func (i *Identity) register(r prometheus.Registerer) {
	if r == nil {
		return
	}
	for name, notAfter := range map[string]func() time.Time{
		"gateway":   i.NotAfter,
		"authority": func() time.Time { return i.current.Load().authority.NotAfter },
	} {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: "rollcall", Subsystem: "gateway", Name: "certificate_not_after_timestamp_seconds",
			Help: "When a certificate expires.", ConstLabels: prometheus.Labels{"cert": name},
		}, func() float64 { return float64(notAfter().Unix()) }))
	}
}

// checkNames makes sure a certificate says what this gateway is.
func checkNames(leaf *x509.Certificate, gateway string) error {
	if err := leaf.VerifyHostname(contract.GatewayHost(gateway)); err != nil {
		return fmt.Errorf("%w: certificate: %w", ErrCredentials, err)
	}
	return nil
}
