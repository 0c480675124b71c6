package ingest

import (
	"context"
	"crypto/ed25519"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// Store keeps streams.
type Store interface {
	// Receive runs f in one write transaction: what f did is on disk when Receive returns nil, and none of it otherwise.
	// F runs again from the start if another transaction came between.
	// It returns ErrBusy when another process holds the database for too long.
	Receive(ctx context.Context, f func(Tx) error) error
}

// Tx is one transaction of Store.
type Tx interface {
	// Stream is what is known of a stream; only ID is set when it was never heard of.
	Stream(ctx context.Context, id contract.Stream) (Stream, error)

	// Octets reads up to n stored records from number first on, in order.
	Octets(ctx context.Context, id contract.Stream, first uint64, n int) ([][]byte, error)

	// Ahead reads the stored records with numbers from first to last that were sent ahead, by number.
	Ahead(ctx context.Context, id contract.Stream, first, last uint64) (map[uint64][]byte, error)

	// Append saves the stream and stores the delivery's records, taps and coverage, joining coverage with what touches
	// it. Students whose marks may change by that become dirty. Records that were sent ahead take their place.
	Append(ctx context.Context, stream Stream, d Delivery) error

	// AppendAhead saves the stream and stores records beyond its watermark with their taps, whose holders become dirty. No
	// coverage and no watermark of a point is stored, since what lies before them is not here. ErrAhead when too many are stored.
	AppendAhead(ctx context.Context, stream Stream, a Ahead) error

	// Tree is how far the tree of a stream was grown; only Stream is set when it was not.
	Tree(ctx context.Context, id contract.Stream) (Tree, error)

	// Commitments are those of the stored records with numbers from first to last, made from their octets, or kept in place
	// of octets that were erased. It returns ErrRoot with the number when one of them is not stored.
	Commitments(ctx context.Context, id contract.Stream, first, last uint64) ([]tree.Commitment, error)

	// SaveTree keeps a tree and the seal it has led to, if any.
	SaveTree(ctx context.Context, t Tree, s *Seal) error

	// CheckpointKey is the key that a gateway registered last; nil if it has none.
	CheckpointKey(ctx context.Context, gateway string) (ed25519.PublicKey, error)
}

// Stream is the state of one journal at central.
type Stream struct {
	ID          contract.Stream
	Owner       string // gateway that owns it; until one claims it, the gateway that first sent it
	Through     uint64 // every record up to here is stored
	Ahead       uint64 // the greatest number beyond Through that was sent ahead; 0 if none was
	HeardAt     time.Time
	Quarantined string // why nothing more is accepted; empty if it is
}
