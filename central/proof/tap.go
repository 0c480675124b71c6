package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// ErrTapProof means that a proof of one tap does not hold.
var ErrTapProof = errors.New("the proof of this tap does not hold")

// ErrUnsealed means that no seal covers a tap yet.
var ErrUnsealed = errors.New("no seal covers this tap yet: ask again when its gateway has reached central")

// Tap proves that one record is in its gateway's stream, under its number, as the gateway signed it. It shows nobody else's.
type Tap struct {
	Version int         `json:"version"`
	Kind    string      `json:"kind"` // tapKind
	Record  []byte      `json:"record"`
	Key     string      `json:"key"`        // of the gateway, tree.VerifierKey
	Note    []byte      `json:"checkpoint"` // signed by the gateway
	Hashes  []tlog.Hash `json:"hashes"`     // RFC 6962 inclusion proof
}

const (
	tapKind    = "rollcall proof of one tap"
	tapVersion = 1
)

// Opened is what a proof of a tap says.
type Opened struct {
	Record     contract.Record
	Checkpoint tree.Checkpoint
}

// ProveTap makes the proof of a tap under the first seal that covers it.
func ProveTap(ctx context.Context, from Source, id contract.TapID) (Tap, error) {
	note, c, err := sealOver(ctx, from, id)
	if err != nil {
		return Tap{}, fmt.Errorf("prove tap %s: %w", id, err)
	}
	p := Tap{Version: tapVersion, Kind: tapKind, Note: note}
	if p.Key, err = keyOver(ctx, from, note, c.Gateway); err != nil {
		return Tap{}, fmt.Errorf("prove tap %s: %w", id, err)
	}
	var all hashes
	err = from.Records(ctx, id.Stream, c.Size, func(seq uint64, octets, kept []byte) error {
		if seq == id.Seq {
			p.Record = octets
		}
		l, err := lineOf(seq, octets, kept, Span{})
		if err != nil {
			return err
		}
		return all.add(tree.Commitment(l.Commitment))
	})
	if err == nil {
		p.Hashes, err = tlog.ProveRecord(int64(c.Size), int64(id.Seq-1), all)
	}
	if err == nil {
		_, err = p.Open("")
	}
	if err != nil {
		return Tap{}, fmt.Errorf("prove tap %s: %w", id, err)
	}
	return p, nil
}

// sealOver finds the first seal that covers a record.
func sealOver(ctx context.Context, from Source, id contract.TapID) ([]byte, tree.Checkpoint, error) {
	holdings, err := from.Holdings(ctx)
	if err != nil {
		return nil, tree.Checkpoint{}, err
	}
	i := slices.IndexFunc(holdings, func(h Holding) bool { return h.Stream == id.Stream })
	if i < 0 || id.Seq == 0 {
		return nil, tree.Checkpoint{}, ErrUnsealed
	}
	for _, s := range holdings[i].Seals {
		c, err := tree.Read(s.Note)
		if err != nil || c.Size >= id.Seq {
			return s.Note, c, err
		}
	}
	return nil, tree.Checkpoint{}, ErrUnsealed
}

// keyOver finds the key that signed a note.
func keyOver(ctx context.Context, from Source, note []byte, gateway string) (string, error) {
	keys, err := from.Keys(ctx)
	if err != nil {
		return "", err
	}
	for _, k := range keys {
		name, key, err := tree.ParseVerifierKey(k.Key)
		if err == nil && name == gateway && tree.CheckSignature(note, gateway, key) == nil {
			return k.Key, nil
		}
	}
	return "", ErrForeignKey
}

// ReadTap reads a proof of a tap.
func ReadTap(r io.Reader) (Tap, error) {
	var p Tap
	if err := contract.DecodeReply(r, maxLine, &p); err != nil {
		return p, fmt.Errorf("%w: %w", ErrExport, err)
	}
	if p.Kind != tapKind || p.Version != tapVersion {
		return p, fmt.Errorf("%w: it is %q of version %d", ErrExport, p.Kind, p.Version)
	}
	return p, nil
}

// Write writes the proof as a file.
func (p Tap) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(p); err != nil {
		return fmt.Errorf("write proof: %w", err)
	}
	return nil
}

// Open checks the proof, with trusted as the gateway's key if that is known from elsewhere, and says what it proves.
func (p Tap) Open(trusted string) (Opened, error) {
	name, key, err := tree.ParseVerifierKey(p.Key)
	if err != nil {
		return Opened{}, fmt.Errorf("%w: %w", ErrTapProof, err)
	}
	if trusted != "" && trusted != p.Key {
		return Opened{}, fmt.Errorf("%w: %w: gateway %s", ErrTapProof, ErrForeignKey, name)
	}
	c, err := tree.Open(p.Note, key)
	if err != nil {
		return Opened{}, fmt.Errorf("%w: %w", ErrTapProof, err)
	}
	r, err := contract.DecodeRecord(p.Record)
	if err != nil {
		return Opened{}, fmt.Errorf("%w: %w", ErrTapProof, err)
	}
	commitment, err := tree.Commit(p.Record)
	if err != nil {
		return Opened{}, fmt.Errorf("%w: %w", ErrTapProof, err)
	}
	switch {
	case c.Gateway != name || r.ID.Stream != c.Stream:
		return Opened{}, fmt.Errorf("%w: record %s under the checkpoint of stream %s of gateway %s", ErrTapProof, r.ID, c.Stream, c.Gateway)
	case r.ID.Seq > c.Size:
		return Opened{}, fmt.Errorf("%w: record %s under a checkpoint of %d records", ErrTapProof, r.ID, c.Size)
	}
	err = tlog.CheckRecord(p.Hashes, int64(c.Size), c.Root, int64(r.ID.Seq-1), tlog.RecordHash(commitment[:]))
	if err != nil {
		return Opened{}, fmt.Errorf("%w: gateway %s, record %s: %w", ErrTapProof, c.Gateway, r.ID, ErrAltered)
	}
	return Opened{Record: r, Checkpoint: c}, nil
}
