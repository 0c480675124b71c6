package contract

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"
)

// Directory is what central says of one cluster of gateways and of everybody's certificates: who should be in the cluster
// and where each is found, and which certificates no longer count. Gateways pass it on to one another.
type Directory struct {
	Revision uint64            `json:"revision"` // grows with every change at central, 1 at first
	MadeAt   time.Time         `json:"made_at"`  // UTC
	Cluster  string            `json:"cluster"`  // its name; empty for a gateway that central has put into none
	Founders []DirectoryMember `json:"founders"` // whom the cluster began with: each writes this list on its first start
	Members  []DirectoryMember `json:"members"`
	Cutoffs  []Cutoff          `json:"cutoffs"`
	Trust    Trust             `json:"trust,omitzero"` // which authorities count from now on
}

// DirectoryMember is one gateway of a cluster.
type DirectoryMember struct {
	Gateway string `json:"gateway"`
	Address string `json:"address"` // host:port of its cluster port
	Voter   bool   `json:"voter"`   // it has a say; the others hold every record all the same
	Founder bool   `json:"founder"` // it may found the cluster; not so a gateway that was enrolled again since
}

// Cutoff ends the certificates of one gateway that begin before a moment.
type Cutoff struct {
	Gateway string    `json:"gateway"`
	From    time.Time `json:"from"`              // certificates that begin earlier do not count
	Revoked bool      `json:"revoked,omitempty"` // none counts
}

// Why a directory or a certificate is refused.
var (
	ErrDirectory  = errors.New("directory is not usable")
	ErrRevoked    = errors.New("the gateway is revoked")
	ErrSuperseded = errors.New("the gateway was enrolled again since; this certificate no longer counts")
)

// Limits of a directory.
const (
	MaxClusterVoters  = 5
	MaxClusterMembers = 64
	maxCutoffs        = 10_000
	MaxDirectoryBytes = 1 << 20
)

// Validate checks a directory, so that nobody has to look twice.
func (d *Directory) Validate() error {
	if d.Revision == 0 {
		return fmt.Errorf("%w: revision 0", ErrDirectory)
	}
	if d.Cluster == "" && len(d.Members)+len(d.Founders) > 0 {
		return fmt.Errorf("%w: members of no cluster", ErrDirectory)
	}
	for _, list := range [][]DirectoryMember{d.Members, d.Founders} {
		if err := checkMembers(list); err != nil {
			return fmt.Errorf("%w: %w", ErrDirectory, err)
		}
	}
	if len(d.Cutoffs) > maxCutoffs {
		return fmt.Errorf("%w: %d cutoffs, at most %d", ErrDirectory, len(d.Cutoffs), maxCutoffs)
	}
	for _, c := range d.Cutoffs {
		if err := CheckGateway(c.Gateway); err != nil {
			return fmt.Errorf("%w: cutoff: %w", ErrDirectory, err)
		}
	}
	if _, _, err := d.Trust.Parse(); err != nil {
		return fmt.Errorf("%w: %w", ErrDirectory, err)
	}
	return nil
}

func checkMembers(list []DirectoryMember) error {
	if len(list) > MaxClusterMembers {
		return fmt.Errorf("%d members, at most %d", len(list), MaxClusterMembers)
	}
	voters := 0
	for i, m := range list {
		if err := CheckGateway(m.Gateway); err != nil {
			return err
		}
		if _, port, err := net.SplitHostPort(m.Address); err != nil || port == "" {
			return fmt.Errorf("member %s: address %q, want host:port", m.Gateway, m.Address)
		}
		for _, o := range list[:i] {
			if o.Gateway == m.Gateway || o.Address == m.Address {
				return fmt.Errorf("members %s and %s have the same name or address", o.Gateway, m.Gateway)
			}
		}
		if m.Voter {
			voters++
		}
	}
	if len(list) > 0 && voters == 0 {
		return errors.New("nobody has a say")
	}
	if voters > MaxClusterVoters {
		return fmt.Errorf("%d voters, at most %d", voters, MaxClusterVoters)
	}
	return nil
}

// Member is a gateway's entry; ok is false when it is none.
func (d *Directory) Member(gateway string) (m DirectoryMember, ok bool) {
	i := slices.IndexFunc(d.Members, func(m DirectoryMember) bool { return m.Gateway == gateway })
	if i < 0 {
		return DirectoryMember{}, false
	}
	return d.Members[i], true
}

// Refuse says why a certificate of a gateway no longer counts; nil when it does. Cutoffs must be ordered by name, as central
// orders them.
func (d *Directory) Refuse(gateway string, leaf *x509.Certificate) error {
	i, found := slices.BinarySearchFunc(d.Cutoffs, gateway, func(c Cutoff, name string) int { return cmp.Compare(c.Gateway, name) })
	switch {
	case !found:
		return nil
	case d.Cutoffs[i].Revoked:
		return fmt.Errorf("%w: %s", ErrRevoked, gateway)
	case leaf.NotBefore.Before(d.Cutoffs[i].From):
		return fmt.Errorf("%w: %s", ErrSuperseded, gateway)
	}
	return nil
}

// SignedDirectory is a directory as it travels and lies on disk: the very octets that were signed.
type SignedDirectory struct {
	Document  []byte `json:"document"` // JSON of Directory
	Signature []byte `json:"signature"`
}

// Decode reads the directory after its signature was verified. Fields that this build does not know are passed over.
func (s SignedDirectory) Decode() (*Directory, error) {
	if len(s.Document) > MaxDirectoryBytes {
		return nil, fmt.Errorf("%w: %w: more than %d octets", ErrDirectory, ErrTooLarge, MaxDirectoryBytes)
	}
	var d Directory
	if err := decodeJSON(s.Document, &d, true); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDirectory, err)
	}
	if err := d.Validate(); err != nil {
		return nil, err
	}
	if !slices.IsSortedFunc(d.Cutoffs, func(a, b Cutoff) int { return cmp.Compare(a.Gateway, b.Gateway) }) {
		return nil, fmt.Errorf("%w: cutoffs are not in order", ErrDirectory)
	}
	return &d, nil
}
