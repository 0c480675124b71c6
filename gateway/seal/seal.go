// Package seal signs what the gateway's own journal holds: it grows the tree over the stream as batches leave, signs a
// checkpoint of each, and keeps with the journal how far central has proven it. It sends nothing and judges nothing central says.
package seal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// Journal is the stream to be signed. Its seal goes with the stream: a new one begins without.
type Journal interface {
	Stream() contract.Stream
	Read(first uint64, maxRecords, maxBytes int) ([][]byte, error)
	Sealed() uint64     // number up to which central has proven the stream
	SealedTree() []byte // the tree.Frontier there
	Seal(seq uint64, frontier []byte) error
}

// Options of a Notary.
type Options struct {
	Journal Journal
	Gateway string
	Key     func() ed25519.PrivateKey // nil as long as central does not know it
	Log     *slog.Logger
}

// Notary signs for the gateway. It is safe for concurrent use.
type Notary struct {
	o Options

	mu      sync.Mutex // guards everything that follows
	stream  contract.Stream
	grown   tree.Frontier
	signed  []byte // the checkpoint at grown; nil if it was not signed yet
	trouble error
}

// New makes a Notary. It reads nothing yet: the tree is grown from the last seal on when the first batch leaves.
func New(o Options) *Notary { return &Notary{o: o} }

// Checkpoint signs the own stream at the last record of a batch that is about to leave. It is nil for other streams' batches,
// for one that was sent before in another cut, and while something keeps the gateway from signing: Trouble says what.
// Records are sent without it all the same, since a later checkpoint speaks for them too.
func (n *Notary) Checkpoint(b contract.Batch) []byte {
	key := n.o.Key()
	if key == nil || b.Stream != n.o.Journal.Stream() {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	note, err := n.checkpointLocked(b, key)
	n.noteLocked(err)
	return note
}

func (n *Notary) checkpointLocked(b contract.Batch, key ed25519.PrivateKey) ([]byte, error) {
	last := b.First + uint64(len(b.Records)) - 1
	if err := n.beginLocked(b.Stream); err != nil {
		return nil, err
	}
	if last < n.grown.Size() {
		return nil, nil
	}
	if last > n.grown.Size() {
		n.signed = nil
		if err := n.growLocked(b); err != nil {
			return nil, err
		}
	}
	if n.signed == nil {
		note, err := n.grown.At(n.o.Gateway, b.Stream).Sign(key)
		if err != nil {
			return nil, err
		}
		n.signed = note
	}
	return n.signed, nil
}

// beginLocked takes up a stream where central has sealed it.
func (n *Notary) beginLocked(stream contract.Stream) error {
	if stream == n.stream {
		return nil
	}
	var f tree.Frontier
	if at := n.o.Journal.Sealed(); at > 0 {
		if err := f.UnmarshalBinary(n.o.Journal.SealedTree()); err != nil {
			return fmt.Errorf("take up the tree of stream %s at record %d: %w", stream, at, err)
		}
	}
	n.stream, n.grown, n.signed = stream, f, nil
	return nil
}

// readAtOnce bounds what is read of the journal together.
const readAtOnce = 256

// growLocked adds the records up to the last of a batch: those before it from the journal, those in it as they will be sent.
func (n *Notary) growLocked(b contract.Batch) error {
	for n.grown.Size()+1 < b.First {
		next := n.grown.Size() + 1
		records, err := n.o.Journal.Read(next, int(min(b.First-next, readAtOnce)), readAtOnce*contract.MaxRecord)
		if err != nil {
			return fmt.Errorf("grow the tree of stream %s from record %d: %w", b.Stream, next, err)
		}
		if len(records) == 0 {
			return fmt.Errorf("grow the tree of stream %s: %w: record %d", b.Stream, errMissing, next)
		}
		if err := n.addLocked(records); err != nil {
			return err
		}
	}
	return n.addLocked(b.Records[n.grown.Size()+1-b.First:])
}

var errMissing = errors.New("the journal does not have it")

func (n *Notary) addLocked(records [][]byte) error {
	for _, r := range records {
		c, err := tree.Commit(r)
		if err != nil {
			return fmt.Errorf("grow the tree at record %d: %w", n.grown.Size()+1, err)
		}
		n.grown.Append(c)
	}
	return nil
}

// Sealed takes a receipt. Where central has proven the tree as it was signed last, the journal keeps that.
func (n *Notary) Sealed(r contract.Receipt) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.Stream != n.stream || r.Stream != n.o.Journal.Stream() || r.Sealed != n.grown.Size() || n.signed == nil {
		return nil
	}
	frontier, err := n.grown.MarshalBinary()
	if err != nil {
		return fmt.Errorf("keep seal: %w", err)
	}
	if err := n.o.Journal.Seal(r.Sealed, frontier); err != nil {
		return fmt.Errorf("keep seal: %w", err)
	}
	return nil
}

// Trouble is why the last batch left unsigned; nil if it did not.
func (n *Notary) Trouble() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.trouble
}

// noteLocked keeps a trouble and logs it when it begins.
func (n *Notary) noteLocked(err error) {
	if err != nil && n.trouble == nil {
		n.o.Log.Error("checkpoint not signed", slog.Any("error", err))
	}
	n.trouble = err
}
