package ingest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// ErrRoot means that the records stored of a stream are not those its gateway numbered: one of them was altered, exchanged,
// left out or added, here, on the way, or by whoever runs a copy of the gateway.
var ErrRoot = errors.New("what is stored does not give the root that the gateway signed")

// Tree is how far the tree over a stream was grown from what is stored.
type Tree struct {
	Stream   contract.Stream
	Frontier tree.Frontier
	Sealed   uint64 // the stream's gateway signed the root of the records up to here
	Claim    []byte // a signed checkpoint of more records than are here; empty if there is none
}

// Seal is a checkpoint whose root the stored records give.
type Seal struct {
	tree.Checkpoint
	Note   []byte // as it was signed
	Signer ed25519.PublicKey
	At     time.Time
}

// grownAtOnce is how many records the tree grows by in one transaction. A stream whose records came before its first
// checkpoint catches up over several batches and does not hold up the campus.
const grownAtOnce = 20_000

// seal grows the tree of a stream to what its gateway has signed, from the rows as they are stored, and says how far the
// stream is sealed. Errors that are ErrRoot or tree.ErrForeignKey are grounds for quarantine.
func (i *Intake) seal(ctx context.Context, tx Tx, stream Stream, sender string, d Delivery) (uint64, error) {
	t, err := tx.Tree(ctx, stream.ID)
	if err != nil {
		return 0, err
	}
	signed, err := i.words(ctx, tx, stream, sender, t.Claim, d.Checkpoint)
	if err != nil || len(signed) == 0 {
		return t.Sealed, err
	}
	before, claim := t.Frontier.Size(), t.Claim
	var newest *Seal
	for _, s := range signed {
		s.At = d.ReceivedAt
		proven, err := t.grow(ctx, tx, stream.Through, s)
		if err != nil {
			return 0, fmt.Errorf("seal stream %s of gateway %s at record %d: %w", stream.ID, stream.Owner, s.Size, err)
		}
		if proven {
			newest = &s
		}
	}
	if t.Frontier.Size() == before && bytes.Equal(t.Claim, claim) {
		return t.Sealed, nil // a batch that came again
	}
	return t.Sealed, tx.SaveTree(ctx, t, newest)
}

// words are the checkpoints that count: one that was kept until its records came, and the one that came with a batch.
func (i *Intake) words(ctx context.Context, tx Tx, stream Stream, sender string, notes ...[]byte) ([]Seal, error) {
	var words []Seal
	for _, note := range notes {
		if len(note) == 0 {
			continue
		}
		s, err := believe(ctx, tx, stream, note)
		switch {
		case err == nil:
			words = append(words, s)
		case errors.Is(err, tree.ErrForeignKey) && sender == stream.Owner:
			return nil, fmt.Errorf("checkpoint of stream %s from gateway %s: %w", stream.ID, sender, err)
		case errors.Is(err, tree.ErrForeignKey), errors.Is(err, tree.ErrCheckpoint), errors.Is(err, errUnknownKey):
			// Not the owner's word, whoever says so. The records are proven by their place in the stream, and stay unsealed.
			i.metrics.unproven.Inc()
			i.log.Warn("checkpoint not believed", "stream", stream.ID.String(), "gateway", sender, "owner", stream.Owner, "error", err)
		default:
			return nil, err
		}
	}
	return words, nil
}

// errUnknownKey means that the owner of a stream has registered no key, as before its first renewal by this release.
var errUnknownKey = errors.New("the stream's gateway has registered no key for checkpoints yet")

// believe opens a checkpoint with the key of the stream's owner.
func believe(ctx context.Context, tx Tx, stream Stream, note []byte) (Seal, error) {
	c, err := tree.Read(note)
	if err != nil {
		return Seal{}, err
	}
	if c.Stream != stream.ID || c.Gateway != stream.Owner {
		return Seal{}, fmt.Errorf("%w: it is of stream %s of gateway %s", tree.ErrCheckpoint, c.Stream, c.Gateway)
	}
	key, err := tx.CheckpointKey(ctx, stream.Owner)
	if err != nil {
		return Seal{}, err
	}
	if key == nil {
		return Seal{}, errUnknownKey
	}
	return Seal{Checkpoint: c, Note: note, Signer: key}, tree.CheckSignature(note, c.Gateway, key)
}

// grow brings the tree to a checkpoint, as far as its records are here, and compares the roots there.
func (t *Tree) grow(ctx context.Context, tx Tx, through uint64, s Seal) (proven bool, err error) {
	if s.Size < t.Frontier.Size() {
		return false, nil // the tree has grown past it, towards one that was signed later
	}
	if s.Size > through {
		t.Claim = s.Note
		return false, nil
	}
	to := min(s.Size, t.Frontier.Size()+grownAtOnce)
	leaves, err := tx.Commitments(ctx, t.Stream, t.Frontier.Size()+1, to)
	if err != nil {
		return false, err
	}
	for _, c := range leaves {
		t.Frontier.Append(c)
	}
	if to < s.Size {
		return false, nil
	}
	if t.Frontier.Root() != s.Root {
		return false, fmt.Errorf("%w: among records %d to %d", ErrRoot, t.Sealed+1, s.Size)
	}
	t.Sealed = s.Size
	if held, err := tree.Read(t.Claim); err != nil || held.Size <= t.Sealed {
		t.Claim = nil
	}
	return true, nil
}

// unproven reports whether an error means that a stream is not what its gateway says.
func unproven(err error) bool { return errors.Is(err, ErrRoot) || errors.Is(err, tree.ErrForeignKey) }

// disprove quarantines a stream, in a transaction of its own: nothing of the delivery that brought it to light is stored.
func (i *Intake) disprove(ctx context.Context, gateway string, d Delivery, cause error) error {
	fork := fmt.Errorf("%w: %w", ErrFork, cause)
	err := i.store.Receive(ctx, func(tx Tx) error {
		stream, err := tx.Stream(ctx, d.Stream)
		if err != nil {
			return err
		}
		if stream.Owner == "" {
			stream.Owner = gateway
		}
		stream.HeardAt = d.ReceivedAt
		return i.quarantine(ctx, tx, stream, gateway, fork)
	})
	if err != nil {
		return fmt.Errorf("quarantine stream: %w", err)
	}
	return fork
}
