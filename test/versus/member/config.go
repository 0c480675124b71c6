package member

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"

	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// Config is what a member is told before anything else.
type Config struct {
	ID        string
	Dir       string // holds journal and replica
	Members   []replicate.Member
	Identity  Identity
	Timetable Timetable
	Linger    time.Duration // of the shipper; 0 is the gateway's own, below 0 none
}

// Identity are the paths of PEM files.
type Identity struct {
	Certificate string
	Key         string
	Authority   string
}

// Timetable is a signed timetable on disk, and taps of people whom it expects.
type Timetable struct {
	Path      string
	PublicKey []byte // PKIX, of who signed it
	Taps      []decide.Facts
}

// tls is how the member proves itself to its peers.
func (i Identity) tls() (replicate.TLS, error) {
	pair, err := tls.LoadX509KeyPair(i.Certificate, i.Key)
	if err != nil {
		return replicate.TLS{}, fmt.Errorf("read identity: %w", err)
	}
	authority, err := os.ReadFile(i.Authority)
	if err != nil {
		return replicate.TLS{}, fmt.Errorf("read identity: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return replicate.TLS{}, fmt.Errorf("read identity: no certificate in %s", i.Authority)
	}
	return replicate.TLS{
		Certificate: func() (*tls.Certificate, error) { return &pair, nil },
		Authority:   func() *x509.CertPool { return pool },
	}, nil
}

func (t Timetable) publicKey() (*ecdsa.PublicKey, error) {
	key, err := x509.ParsePKIXPublicKey(t.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("read key of the timetable: %w", err)
	}
	public, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("read key of the timetable: it is a %T", key)
	}
	return public, nil
}
