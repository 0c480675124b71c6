package ingest

import (
	"context"
	"crypto/ed25519"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/central/timeline"
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

	// Octets reads up to n stored records from number first on, in order. Those of a record that was erased are empty.
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

	// LastAnchor is the newest anchor of a stream; ok is false if it has none.
	LastAnchor(ctx context.Context, id contract.Stream) (a timeline.Anchor, ok bool, err error)

	// AnchorsAfter are the anchors of a stream with numbers above seq, in order.
	AnchorsAfter(ctx context.Context, id contract.Stream, seq uint64) ([]timeline.Anchor, error)

	// Received is as Octets, with when each record came.
	Received(ctx context.Context, id contract.Stream, first uint64, n int) ([]Received, error)

	// Revise saves the stream's correction and changes the moments of records that are stored. Students whose marks may
	// change by that become dirty, and no others.
	Revise(ctx context.Context, stream Stream, r Revision) error
}

// Received is a stored record.
type Received struct {
	Octets []byte
	At     time.Time
}

// Stream is the state of one journal at central.
type Stream struct {
	ID          contract.Stream
	Owner       string // gateway that owns it; until one claims it, the gateway that first sent it
	Through     uint64 // every record up to here is stored
	Ahead       uint64 // the greatest number beyond Through that was sent ahead; 0 if none was
	HeardAt     time.Time
	Quarantined string // why nothing more is accepted; empty if it is

	Witness      timeline.Witness // of time: the last up to Through; zero if there is none
	WitnessAhead timeline.Witness // the last of what was sent ahead
	Correction   *Correction      // what an anchor still has to correct; nil if nothing. Until then nothing is appended
}

// Correction is a part of a stream whose moments change by anchors behind it. It is done in steps, which survive a restart.
type Correction struct {
	Next, Until uint64           // records that are still to be looked at
	Was, Is     timeline.Witness // the last one before Next, without those anchors and with them
}

// Revision is what one step of a correction changes.
type Revision struct {
	Taps       []Tap
	Uncovered  []Coverage // no longer true
	Coverage   []Coverage // true now
	Watermarks []Watermark
	At         time.Time // when it was found, by central's clock
}
