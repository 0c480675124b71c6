package proof

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// Version is the version of the export format. Exports of version 1 do not say what was erased; they are read as before.
const Version = 2

// Names of the files in an export.
const (
	headName   = "export.json"
	readmeName = "README.txt"
)

func recordsName(s contract.Stream) string { return "records/" + s.String() + ".jsonl" }

// Head is what an export says besides its records.
type Head struct {
	Version int       `json:"version"`
	MadeAt  time.Time `json:"made_at"`
	From    time.Time `json:"from"` // records stamped in [From, To) are opened
	To      time.Time `json:"to"`
	Keys    []Key     `json:"keys"`
	Streams []Stream  `json:"streams"`

	Days []tree.SealedDay `json:"days"` // oldest first

	Erasures []Erasure `json:"erasures,omitempty"` // of all streams, oldest first
}

// Erasure is that records were lawfully destroyed. It does not say whose.
type Erasure struct {
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Reason  string    `json:"reason"`
	Records int       `json:"records"`
}

// Key is a public key that a gateway, or central, has signed with.
type Key struct {
	Name  string    `json:"name"`
	Key   string    `json:"key"` // tree.VerifierKey
	Since time.Time `json:"since"`
}

// Stream is one journal in an export: the records from Base+1 to Last, of which Records has a line each.
type Stream struct {
	Stream      contract.Stream `json:"stream"`
	Gateway     string          `json:"gateway"`
	Quarantined string          `json:"quarantined,omitempty"` // why central takes nothing of it any more
	Base        uint64          `json:"base"`                  // last record before the export, where a seal lies
	Frontier    []byte          `json:"frontier"`              // tree.Frontier at Base
	Last        uint64          `json:"last"`                  // last record that is sealed or attested
	Unsealed    uint64          `json:"unsealed"`              // records that central holds beyond it; they prove nothing and are not here
	Seals       []Seal          `json:"seals"`                 // from Base on, oldest first
	Attested    []byte          `json:"attested,omitempty"`    // central's checkpoint of more than its gateway signed, cosigned by gateways with copies
	Claim       []byte          `json:"claim,omitempty"`       // a checkpoint the gateway signed of more records than central holds
	Consistency []tlog.Hash     `json:"consistency,omitempty"` // RFC 6962 proof that the last seal extends the first one
}

// Seal is a signed checkpoint, and when central verified it.
type Seal struct {
	Note     []byte    `json:"note"`
	SealedAt time.Time `json:"sealed_at"`
}

// Line is one record of a stream.
type Line struct {
	Seq        uint64 `json:"seq"`
	Commitment []byte `json:"commitment"`
	Record     []byte `json:"record,omitempty"` // its octets; missing where they were erased or are outside the span
	Erased     bool   `json:"erased,omitempty"`
}

// Holding is a stream as central keeps it.
type Holding struct {
	Stream      contract.Stream
	Gateway     string
	Through     uint64
	Quarantined string
	Claim       []byte
	Attested    []byte // central's word on the end of a stream that its gateway has not signed, with a witness at least; empty if there is none
	Seals       []Seal // the last of each day, oldest first
}

// Source is what an export is made from: one state of central's database.
type Source interface {
	Keys(ctx context.Context) ([]Key, error)
	Holdings(ctx context.Context) ([]Holding, error)
	Days(ctx context.Context) ([]tree.SealedDay, error)
	Erasures(ctx context.Context) ([]Erasure, error)
	// Records yields the stored records of a stream with numbers up to last, in the order of their numbers. The commitment is
	// the one that was kept when the record came; it is empty in records of earlier releases. Octets are empty if erased.
	Records(ctx context.Context, stream contract.Stream, last uint64, yield func(seq uint64, octets, commitment []byte) error) error
}

// Span is what an auditor asks for.
type Span struct {
	From, To time.Time
	MadeAt   time.Time
}

const readme = `This is an export of Rollcall, made to be checked by whoever doubts it:

    rollcall-central verify FILE

needs no database and no network. export.json has the public keys, the checkpoints that gateways signed, and central's daily
seals; records/*.jsonl has one line for each record: its number, what it commits to, and the record where it lies in the span.
Compare the keys with those on the gateways' own status pages, or the daily seal with a gateway's copy: whoever holds
central's database could otherwise have made up both records and keys.
`

// Export writes the streams with what was stamped in the span opened. What has no seal is left out and counted.
func Export(ctx context.Context, w io.Writer, from Source, span Span) error {
	z := zip.NewWriter(w)
	if err := writeFile(z, readmeName, span.MadeAt, func(w io.Writer) error { _, err := io.WriteString(w, readme); return err }); err != nil {
		return err
	}
	h := Head{Version: Version, MadeAt: span.MadeAt.UTC(), From: span.From.UTC(), To: span.To.UTC()}
	var err error
	if h.Keys, err = from.Keys(ctx); err != nil {
		return fmt.Errorf("export keys: %w", err)
	}
	if h.Days, err = from.Days(ctx); err != nil {
		return fmt.Errorf("export daily seals: %w", err)
	}
	if h.Erasures, err = from.Erasures(ctx); err != nil {
		return fmt.Errorf("export erasures: %w", err)
	}
	holdings, err := from.Holdings(ctx)
	if err != nil {
		return fmt.Errorf("export streams: %w", err)
	}
	for _, held := range holdings {
		var s Stream
		err := writeFile(z, recordsName(held.Stream), span.MadeAt, func(w io.Writer) (err error) {
			s, err = exportStream(ctx, w, from, held, span)
			return err
		})
		if err != nil {
			return fmt.Errorf("export stream %s: %w", held.Stream, err)
		}
		h.Streams = append(h.Streams, s)
	}
	err = writeFile(z, headName, span.MadeAt, func(w io.Writer) error { return json.NewEncoder(w).Encode(h) })
	if err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

func writeFile(z *zip.Writer, name string, at time.Time, write func(io.Writer) error) error {
	f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()})
	if err == nil {
		err = write(f)
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", name, err)
	}
	return nil
}

func exportStream(ctx context.Context, w io.Writer, from Source, held Holding, span Span) (Stream, error) {
	s, sizes, err := scope(held, span)
	if err != nil {
		return s, err
	}
	var all hashes
	var base tree.Frontier
	lines := json.NewEncoder(w)
	err = from.Records(ctx, held.Stream, s.Last, func(seq uint64, octets, kept []byte) error {
		l, err := lineOf(seq, octets, kept, span)
		if err != nil {
			return err
		}
		c := tree.Commitment(l.Commitment)
		if err := all.add(c); err != nil {
			return err
		}
		if seq <= s.Base {
			base.Append(c)
			return nil
		}
		return lines.Encode(l)
	})
	if err != nil {
		return s, err
	}
	if s.Frontier, err = base.MarshalBinary(); err != nil {
		return s, err
	}
	if len(sizes) > 1 && sizes[0] > 0 && all.leaves >= sizes[len(sizes)-1] {
		s.Consistency, err = tlog.ProveTree(int64(sizes[len(sizes)-1]), int64(sizes[0]), all)
	}
	return s, err
}

// scope finds the seals an export of a stream lies between: from the last before the span to the newest of all, since records
// of the span may have come late.
func scope(held Holding, span Span) (s Stream, sizes []uint64, err error) {
	s = Stream{Stream: held.Stream, Gateway: held.Gateway, Quarantined: held.Quarantined, Claim: held.Claim}
	for _, seal := range held.Seals {
		c, err := tree.Read(seal.Note)
		if err != nil {
			return s, nil, err
		}
		if seal.SealedAt.Before(span.From) {
			s.Base, s.Seals, sizes = c.Size, nil, nil
		}
		s.Last = c.Size
		s.Seals, sizes = append(s.Seals, seal), append(sizes, c.Size)
	}
	if c, err := tree.Read(held.Attested); err == nil && c.Size > s.Last {
		s.Attested, s.Last = held.Attested, c.Size
	}
	s.Unsealed = held.Through - min(held.Through, s.Last)
	return s, sizes, nil
}

func lineOf(seq uint64, octets, kept []byte, span Span) (Line, error) {
	l := Line{Seq: seq, Commitment: kept, Erased: len(octets) == 0}
	if len(kept) != len(tree.Commitment{}) {
		c, err := tree.Commit(octets)
		if err != nil {
			return l, fmt.Errorf("record %d: %w", seq, err)
		}
		l.Commitment = c[:]
	}
	r, err := contract.DecodeRecord(octets)
	if len(octets) > 0 && (err != nil || !r.Stamp.At.Before(span.From) && r.Stamp.At.Before(span.To)) {
		l.Record = octets // one that cannot be read is for the auditor to see
	}
	return l, nil
}

// hashes are all nodes of a tree, as tlog numbers them.
type hashes struct {
	nodes  []tlog.Hash
	leaves uint64
}

func (h *hashes) add(c tree.Commitment) error {
	more, err := tlog.StoredHashes(int64(h.leaves), c[:], *h)
	h.nodes, h.leaves = append(h.nodes, more...), h.leaves+1
	return err
}

// ReadHashes implements tlog.HashReader.
func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(h.nodes)) {
			return nil, fmt.Errorf("%w: the tree ends at record %d", ErrMissing, h.leaves)
		}
		out[i] = h.nodes[x]
	}
	return out, nil
}
