package contract

import (
	"errors"
	"fmt"
	"time"
)

// Limits of a batch. A batch over them is refused whole with 413.
const (
	MaxBatchRecords = 500
	MaxBatchBytes   = 1 << 20 // of the JSON body
)

// BatchVersion is the version of the batch format.
const BatchVersion = 1

// Batch carries consecutive records of one stream to central. The records are the very octets of the journal (base64 in
// JSON); they are encoded once, when they get their number.
type Batch struct {
	Version int      `json:"version"`
	Stream  Stream   `json:"stream"`
	First   uint64   `json:"first"` // number of Records[0]
	Records [][]byte `json:"records"`

	// Checkpoint is the stream's tree at the batch's last record, signed by its gateway (a note as tree.Checkpoint.Sign
	// writes it). It is missing where the sender does not hold the owner's word.
	Checkpoint []byte `json:"checkpoint,omitempty"`
}

// ErrBatch is wrapped by every fault of a batch.
var ErrBatch = errors.New("batch is not acceptable")

// Open decodes the records and checks that each carries the identity its place demands.
func (b *Batch) Open() ([]Record, error) {
	if b.Version != BatchVersion {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrBatch, b.Version, BatchVersion)
	}
	if b.Stream.IsZero() || b.First == 0 {
		return nil, fmt.Errorf("%w: it starts at %s", ErrBatch, TapID{b.Stream, b.First})
	}
	if n := len(b.Records); n == 0 || n > MaxBatchRecords {
		return nil, fmt.Errorf("%w: %d records, want 1 to %d", ErrBatch, n, MaxBatchRecords)
	}
	records := make([]Record, len(b.Records))
	for i, raw := range b.Records {
		r, err := DecodeRecord(raw)
		if err != nil {
			return nil, fmt.Errorf("%w: records[%d]: %w", ErrBatch, i, err)
		}
		if want := (TapID{b.Stream, b.First + uint64(i)}); r.ID != want {
			return nil, fmt.Errorf("%w: records[%d] is %s, want %s", ErrBatch, i, r.ID, want)
		}
		records[i] = r
	}
	return records, nil
}

// Receipt is central's word that every record of the stream up to Through is on its disk. A sender that is behind jumps forward to it.
type Receipt struct {
	Stream  Stream `json:"stream"`
	Through uint64 `json:"through"`
	Stored  int    `json:"stored"` // records of this batch that were new
	Known   int    `json:"known"`  // records of this batch that were there already, octet for octet

	Ahead uint64 `json:"ahead,omitempty"` // the greatest number beyond Through that was sent ahead; 0 if none was

	// Sealed is the number up to which what is stored gives the root that the stream's gateway signed; 0 if nowhere. A
	// gateway drops nothing above it.
	Sealed uint64 `json:"sealed"`
}

// Report is what a gateway tells central every ten seconds, besides its taps: how it is, and what it holds, so that central
// knows what it has not got. It is not evidence; heartbeats in the stream are.
type Report struct {
	Version int       `json:"version"`
	Build   string    `json:"build"` // release of the gateway program
	At      time.Time `json:"at"`    // the gateway's clock
	Quality string    `json:"clock"` // Quality.String
	// ClockTrouble is what is wrong with the clock, in words; empty if nothing is.
	ClockTrouble string        `json:"clock_trouble,omitempty"`
	Timetable    uint64        `json:"timetable"`
	Streams      []StreamState `json:"streams"`
	Points       []PointReport `json:"points"`
	Day          string        `json:"day,omitempty"` // of the last daily seal it keeps, yyyy-mm-dd; empty if it has none

	Cosigned [][]byte `json:"cosigned,omitempty"` // checkpoints of other gateways' streams, with a signature of this one's

	Certificate *CertificateState `json:"certificate,omitempty"` // nil from a gateway that knows of one authority only

	Cluster *ClusterState `json:"cluster,omitempty"` // nil from a gateway without replication, or from before it was told
}

// CertificateState is what a gateway proves itself with.
type CertificateState struct {
	Authority []byte    `json:"authority"` // fingerprint of the one that signed its certificate
	NotAfter  time.Time `json:"not_after"` // of its certificate
	Trusts    [][]byte  `json:"trusts"`    // fingerprints of the authorities it believes, the newest last
}

// ReportVersion is the version of the report format.
const ReportVersion = 1

// StreamState is how far a stream exists on the reporting gateway. Own marks its own journal; the others are replicas.
type StreamState struct {
	Stream  Stream `json:"stream"`
	Durable uint64 `json:"durable"`
	Own     bool   `json:"own"`
}

// PointReport is the state of a reader in words.
type PointReport struct {
	Point   string `json:"point"`
	Up      bool   `json:"up"`
	Trouble string `json:"trouble,omitempty"`
}

// ReportReply answers a report with the watermark of every stream it named.
type ReportReply struct {
	HeardAt  time.Time `json:"heard_at,omitzero"` // central's clock when the report was here; zero from an older central
	At       time.Time `json:"at"`                // and when the answer was made
	Receipts []Receipt `json:"receipts"`
	Day      []byte    `json:"day,omitempty"`    // a daily seal of central's that the gateway lacks, tree.SealedDay as JSON
	Cosign   [][]byte  `json:"cosign,omitempty"` // checkpoints of streams it holds copies of, for it to cosign
}
