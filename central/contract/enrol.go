package contract

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Enrolment asks for a client certificate with a one-time token. Nothing but the public key is taken from the request:
// the certificate's names come from what central bound to the token.
type Enrolment struct {
	Token   string `json:"token"`
	Request []byte `json:"request"` // PKCS #10, DER

	// CheckpointKey is the Ed25519 public key, 32 octets, with which the gateway signs checkpoints of its streams. Gateways
	// before it existed have none.
	CheckpointKey []byte `json:"checkpoint_key,omitempty"`
}

// Renewal asks for a fresh certificate over the present one, which the connection has proved.
type Renewal struct {
	Request       []byte `json:"request"`                  // PKCS #10, DER
	CheckpointKey []byte `json:"checkpoint_key,omitempty"` // as in Enrolment; the same in every renewal

	// Trusts are the fingerprints of the authorities that the gateway knows. The certificate is of the newest of them: a
	// gateway must not get one that it would not believe itself. Gateways before there could be two name none.
	Trusts [][]byte `json:"trusts,omitempty"`
}

// Credentials is what a gateway gets to prove itself with, and to tell cards by.
type Credentials struct {
	Gateway     string `json:"gateway"`     // the name in the certificate
	Building    string `json:"building"`    // the building it was enrolled for
	Certificate []byte `json:"certificate"` // X.509, DER
	Authority   []byte `json:"authority"`   // of the campus authority that signed it, X.509, DER
	Trust       Trust  `json:"trust,omitzero"`
	CampusKey   []byte `json:"campus_key"` // for DigestOf; keep it in a file of mode 0600
}

// Invitation is the one-time text a technician types at a new gateway: who it will be, the secret that proves the right to
// be it, and the campus authority to trust, so that enrolment needs no trust on first use.
type Invitation struct {
	Gateway   string
	Secret    string   // 256 random bits, base64 (URL alphabet, no padding)
	Authority [32]byte // SHA-256 of the authority's public key (SubjectPublicKeyInfo, DER)
}

// String is "<gateway>.<secret>.<authority in hexadecimal>".
func (i Invitation) String() string {
	return i.Gateway + "." + i.Secret + "." + hex.EncodeToString(i.Authority[:])
}

// ErrInvitation means a text is not an invitation as central printed it.
var ErrInvitation = errors.New("not an invitation: copy the whole line that central printed")

// ParseInvitation reads what String writes.
func ParseInvitation(text string) (Invitation, error) {
	parts := strings.Split(strings.TrimSpace(text), ".")
	if len(parts) != 3 {
		return Invitation{}, fmt.Errorf("%w: %d parts, want 3", ErrInvitation, len(parts))
	}
	i := Invitation{Gateway: parts[0], Secret: parts[1]}
	if err := CheckGateway(i.Gateway); err != nil {
		return Invitation{}, fmt.Errorf("%w: %w", ErrInvitation, err)
	}
	if secret, err := base64.RawURLEncoding.DecodeString(i.Secret); err != nil || len(secret) != 32 {
		return Invitation{}, fmt.Errorf("%w: its secret is damaged", ErrInvitation)
	}
	if err := unhex(i.Authority[:], []byte(parts[2]), "authority"); err != nil {
		return Invitation{}, fmt.Errorf("%w: %w", ErrInvitation, err)
	}
	return i, nil
}

var gatewayName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// CheckGateway tells what is wrong with a gateway's name; it becomes a DNS label in the certificate.
func CheckGateway(name string) error {
	if !gatewayName.MatchString(name) {
		return fmt.Errorf("gateway name %q: want 1 to 32 of a-z, 0-9 and hyphens inside", name)
	}
	return nil
}

// GatewayHost is the DNS name in a gateway's certificate, which its Raft peers check.
func GatewayHost(gateway string) string { return gateway + gatewayHostSuffix }

// GatewayOf is the inverse of GatewayHost; ok is false for names of other hosts.
func GatewayOf(host string) (gateway string, ok bool) {
	gateway, ok = strings.CutSuffix(host, gatewayHostSuffix)
	return gateway, ok && CheckGateway(gateway) == nil
}

const gatewayHostSuffix = ".gateway.rollcall.internal"
