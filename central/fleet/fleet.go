// Package fleet knows the gateways: who they are, how they prove it, what they last said. It is the campus certificate
// authority. It stores no taps and decides nothing about students.
package fleet

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// Why a gateway or an operator is turned away.
var (
	ErrToken           = errors.New("the invitation is unknown, used or expired; print a new one with rollcall-central invite")
	ErrRequest         = errors.New("the certificate request is not acceptable")
	ErrNoCertificate   = errors.New("no client certificate; enrol this gateway first")
	ErrForeign         = errors.New("the certificate was not issued to a gateway by this campus authority")
	ErrExpired         = errors.New("the certificate has expired; it may only ask for renewal, within a year")
	ErrRevoked         = errors.New("the gateway is revoked; invite it again if it is in the right hands")
	ErrSuperseded      = errors.New("the gateway was enrolled again since; this certificate no longer counts")
	ErrUnknownGateway  = errors.New("no such gateway is enrolled")
	ErrUnknownBuilding = errors.New("no such building; import rooms first")
	ErrCluster         = errors.New("no such cluster; rollcall-central cluster list names them")
	ErrInCluster       = errors.New("the gateway is in a cluster already; remove it there first")
	ErrMajority        = errors.New("the cluster would lose its majority")
	ErrNotQuarantined  = errors.New("no such stream is quarantined; the page Gateways names those that are")
	ErrRetired         = errors.New("the authority that signed the certificate is retired; it may only ask for renewal, within a year")
	ErrRotating        = errors.New("another authority follows already; retire the former first")
	ErrNotRotating     = errors.New("no other authority follows; begin with rollcall-central authority rotate")
	ErrDepend          = errors.New("gateways still depend on it")
	ErrReport          = errors.New("the report is not acceptable")
)

// Gateway is one enrolled gateway.
type Gateway struct {
	ID         string
	Building   string
	EnrolledAt time.Time // certificates issued before do not count
	Serial     string    // of the newest certificate, hexadecimal
	NotAfter   time.Time // when that certificate ends
	RevokedAt  time.Time // zero if it is not revoked
	HeardAt    time.Time // of the last report; zero if there was none
	Report     *contract.Report

	CheckpointKey ed25519.PublicKey // its streams' checkpoints are signed with; nil if it has registered none yet
}

// Stream is how far a journal is known to exist and how much of it is at central.
type Stream struct {
	ID          contract.Stream
	Gateway     string // its owner
	Through     uint64 // every record up to here is at central
	Durable     uint64 // the highest number any gateway said exists; what lies between is still out there
	HeardAt     time.Time
	Quarantined string // why nothing more is accepted; empty if it is
	Settled     string // who found out which history is true, and what; empty if nobody has, or need not
}

// Member is a gateway with its streams, newest first.
type Member struct {
	Gateway
	Streams []Stream
}

// Store keeps gateways and invitations.
type Store interface {
	// AddInvitation returns ErrUnknownBuilding if its building does not exist.
	AddInvitation(ctx context.Context, i Invitation) error

	// Redeem uses up the invitation with this digest and enrols the gateway that certify makes of it, in one transaction.
	// An error of certify leaves the invitation unused; certify may be asked again if another transaction came between. ErrToken if it is unknown, used or expired at now.
	Redeem(ctx context.Context, secret [32]byte, now time.Time, certify func(Invitation) (Gateway, error)) error

	// Renewed notes a gateway's newest certificate.
	Renewed(ctx context.Context, gateway, serial string, notAfter time.Time) error

	// RegisterKey notes with which key a gateway signs checkpoints from now on, and whether it replaces another.
	RegisterKey(ctx context.Context, gateway string, key ed25519.PublicKey, at time.Time) (replaced bool, err error)
	// Revoke returns ErrUnknownGateway if there is none.
	Revoke(ctx context.Context, gateway string, at time.Time) error

	// Gateway returns ErrUnknownGateway if there is none.
	Gateway(ctx context.Context, id string) (Gateway, error)

	// Gateways lists all, by name.
	Gateways(ctx context.Context) ([]Gateway, error)

	// Streams lists all, the one heard last first.
	Streams(ctx context.Context) ([]Stream, error)

	// Settle notes what was found out about a quarantined stream; it stays quarantined. ErrNotQuarantined if it is not.
	Settle(ctx context.Context, stream contract.Stream, finding string) error

	// Clusters lists all with their members, both by name.
	Clusters(ctx context.Context) ([]Cluster, error)

	// ChangeCluster stores what change makes of a cluster, which is empty where none exists, in one transaction. One that is
	// left without members is forgotten. ErrInCluster if a member is in another.
	ChangeCluster(ctx context.Context, name string, change func(c *Cluster, exists bool) error) error

	// DirectoryRevision grows with every change of clusters, enrolments and revocations, also one by another process.
	DirectoryRevision(ctx context.Context) (uint64, error)
	// ReviseDirectory lets it grow for a change that the store does not keep.
	ReviseDirectory(ctx context.Context) error

	// Credits are the taps since a moment that a gateway credited, the oldest first.
	Credits(ctx context.Context, gateway string, since time.Time) ([]contract.Credit, error)

	// ClosingCheckpoint is the last sealed checkpoint of a stream on days before one; nil if there is none.
	ClosingCheckpoint(ctx context.Context, stream contract.Stream, before string) ([]byte, error)
	// UnsignedEnd is all of a stream that is complete here, beyond what its gateway has signed, and has had no news since a time;
	// note is what Attested kept of just that, nil if nothing. A zero Checkpoint means that there is no such end.
	UnsignedEnd(ctx context.Context, stream contract.Stream, since time.Time) (end tree.Checkpoint, note []byte, err error)
	// Attested keeps central's signed word on the end of a stream, in place of one on fewer records.
	Attested(ctx context.Context, end tree.Checkpoint, note []byte) error
	// Cosign adds a gateway's signature to a checkpoint that is sealed or attested, after checking it with the gateway's key.
	Cosign(ctx context.Context, gateway string, note []byte) error
	// NewestSeals are the last checkpoint of each stream that central has proven, or another gateway witnessed, by gateway and stream.
	NewestSeals(ctx context.Context) ([]tree.Checkpoint, error)
	// LastDay is the last daily seal; its Day is empty if there is none.
	LastDay(ctx context.Context) (tree.SealedDay, error)
	// SaveDay keeps a daily seal, unless that day has one.
	SaveDay(ctx context.Context, d tree.SealedDay, at time.Time) error
	// Heard keeps the last report of a gateway, raises what its streams are known to hold, binds streams it calls its own,
	// and returns central's watermark of each stream named.
	Heard(ctx context.Context, gateway string, at time.Time, r contract.Report) ([]contract.Receipt, error)
}

// Options is what a Fleet needs.
type Options struct {
	Store          Store
	Authority      *Authority
	InvitationLife time.Duration // 0 means an hour
	Lifetime       time.Duration // of gateways' certificates; 0 means 30 days
	Log            *slog.Logger
	Registerer     prometheus.Registerer
	Now            func() time.Time
}

// Fleet enrols gateways, recognises them and listens to their reports. It is safe for concurrent use.
type Fleet struct {
	store     Store
	authority *Authority
	life      time.Duration // of invitations
	lifetime  time.Duration // of certificates
	log       *slog.Logger
	now       func() time.Time
	contact   *prometheus.GaugeVec
	offset    *prometheus.GaugeVec
	changes   changes
	day       atomic.Pointer[kept] // the last daily seal; nil if there is none

	mu    sync.Mutex // guards everything that follows
	asked map[question]asking
}

// New makes a Fleet and registers its metrics.
func New(o Options) *Fleet {
	f := &Fleet{
		store: o.Store, authority: o.Authority, life: cmp.Or(o.InvitationLife, time.Hour), lifetime: cmp.Or(o.Lifetime, gatewayLife),
		log: o.Log, now: o.Now, changes: newChanges(), asked: map[question]asking{},
	}
	f.contact = promauto.With(o.Registerer).NewGaugeVec(prometheus.GaugeOpts{
		Name: "rollcall_central_gateway_last_contact_timestamp_seconds",
		Help: "When a gateway last reported; a gateway that never did has no series.",
	}, []string{"gateway"})
	f.offset = promauto.With(o.Registerer).NewGaugeVec(prometheus.GaugeOpts{
		Name: "rollcall_central_gateway_clock_offset_seconds",
		Help: "What a gateway took the time to be in its last report, less central's clock when it was here; a moment of it was on the way.",
	}, []string{"gateway"})
	o.Registerer.MustRegister(tally{store: o.Store, log: o.Log})
	return f
}

// Open publishes when each gateway was last heard, so that a silent one is seen after central restarts as well.
func (f *Fleet) Open(ctx context.Context) error {
	if err := f.openDays(ctx); err != nil {
		return fmt.Errorf("open fleet: %w", err)
	}
	gateways, err := f.store.Gateways(ctx)
	if err != nil {
		return fmt.Errorf("open fleet: %w", err)
	}
	for _, g := range gateways {
		if !g.HeardAt.IsZero() && g.RevokedAt.IsZero() {
			f.contact.WithLabelValues(g.ID).Set(seconds(g.HeardAt))
		}
	}
	return nil
}

// Gateways lists the fleet, by name.
func (f *Fleet) Gateways(ctx context.Context) ([]Member, error) {
	gateways, err := f.store.Gateways(ctx)
	if err != nil {
		return nil, fmt.Errorf("list gateways: %w", err)
	}
	streams, err := f.store.Streams(ctx)
	if err != nil {
		return nil, fmt.Errorf("list gateways: %w", err)
	}
	owned := map[string][]Stream{}
	for _, s := range streams {
		owned[s.Gateway] = append(owned[s.Gateway], s)
	}
	members := make([]Member, len(gateways))
	for i, g := range gateways {
		members[i] = Member{Gateway: g, Streams: owned[g.ID]}
	}
	return members, nil
}

// Building is the building a gateway serves.
func (f *Fleet) Building(ctx context.Context, gateway string) (string, error) {
	g, err := f.store.Gateway(ctx, gateway)
	if err != nil {
		return "", fmt.Errorf("find gateway %s: %w", gateway, err)
	}
	return g.Building, nil
}

// Revoke ends a gateway's certificates at once.
func (f *Fleet) Revoke(ctx context.Context, gateway string) error {
	if err := f.store.Revoke(ctx, gateway, f.now()); err != nil {
		return fmt.Errorf("revoke gateway %s: %w", gateway, err)
	}
	f.contact.DeleteLabelValues(gateway)
	f.offset.DeleteLabelValues(gateway)
	f.log.Warn("gateway revoked", "gateway", gateway)
	return nil
}

// Settle puts on record what was found out about a quarantined stream, by whom; the alert ends with it. The stream takes
// nothing more all the same.
func (f *Fleet) Settle(ctx context.Context, actor string, stream contract.Stream, finding string) error {
	said := fmt.Sprintf("%s (%s, %s)", finding, actor, f.now().UTC().Format(time.DateOnly))
	if err := f.store.Settle(ctx, stream, said); err != nil {
		return fmt.Errorf("settle stream %s: %w", stream, err)
	}
	f.log.Info("quarantined stream settled", "stream", stream.String(), "actor", actor)
	return nil
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
