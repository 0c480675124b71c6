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

// ErrOtherRoot means that the copy of a neighbour's stream here does not give the root in the neighbour's checkpoint.
var ErrOtherRoot = errors.New("the copy of this stream here gives another root than its gateway signed")

var errPruned = errors.New("the records of this checkpoint were pruned here, after central had proven them")

// Copies are the streams of neighbours that this gateway holds.
type Copies interface {
	Read(stream contract.Stream, first uint64, maxRecords, maxBytes int) ([][]byte, error)
	// Pruned is the tree over the records of a stream that are not held any more, empty while all are. An error says that
	// this tree is unknown.
	Pruned(stream contract.Stream) (tree.Frontier, error)
}

// WitnessOptions are what a Witness needs.
type WitnessOptions struct {
	Copies  Copies
	Gateway string
	Key     func() ed25519.PrivateKey // nil as long as central does not know it
	Log     *slog.Logger
}

// Witness cosigns the checkpoints of neighbours whose records it holds: it says that it computed the same root from its own copy,
// and nothing else. It is safe for concurrent use.
type Witness struct {
	o WitnessOptions

	mu       sync.Mutex // guards everything that follows
	trees    map[contract.Stream]*tree.Frontier
	cosigned [][]byte
	trouble  error
}

// NewWitness makes a Witness. It reads a stream from where the copy begins when it is first asked about it.
func NewWitness(o WitnessOptions) *Witness {
	return &Witness{o: o, trees: map[contract.Stream]*tree.Frontier{}}
}

// Consider takes checkpoints that somebody wants cosigned. Those that it can vouch for are given out by Cosigned.
func (w *Witness) Consider(notes [][]byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, note := range notes {
		cosigned, err := w.cosignLocked(note)
		switch {
		case errors.Is(err, ErrOtherRoot):
			w.trouble = err
			w.o.Log.Error("checkpoint not cosigned", slog.Any("error", err))
		case err != nil:
			w.o.Log.Info("checkpoint not cosigned", slog.Any("error", err))
		case cosigned != nil:
			w.cosigned = append(w.cosigned, cosigned)
		}
	}
}

func (w *Witness) cosignLocked(note []byte) ([]byte, error) {
	c, err := tree.Read(note)
	if err != nil {
		return nil, err
	}
	key := w.o.Key()
	if key == nil || c.Gateway == w.o.Gateway {
		return nil, nil
	}
	f, err := w.treeLocked(c)
	if err != nil {
		return nil, err
	}
	if err := w.grow(f, c); err != nil {
		return nil, err
	}
	if f.Root() != c.Root {
		return nil, fmt.Errorf("%w: gateway %s, stream %s, records to %d", ErrOtherRoot, c.Gateway, c.Stream, c.Size)
	}
	return tree.Cosign(note, w.o.Gateway, key)
}

// treeLocked is the tree to be grown to a checkpoint: the one of last time, or one from where the copy begins.
func (w *Witness) treeLocked(c tree.Checkpoint) (*tree.Frontier, error) {
	pruned, err := w.o.Copies.Pruned(c.Stream)
	if err != nil {
		return nil, err
	}
	if pruned.Size() > c.Size {
		return nil, fmt.Errorf("%w: the copy of stream %s begins behind record %d", errPruned, c.Stream, pruned.Size())
	}
	f := w.trees[c.Stream]
	if f == nil || f.Size() > c.Size || f.Size() < pruned.Size() {
		f = &pruned
		w.trees[c.Stream] = f
	}
	return f, nil
}

// grow adds the records up to a checkpoint from the copy.
func (w *Witness) grow(f *tree.Frontier, c tree.Checkpoint) error {
	for f.Size() < c.Size {
		next := f.Size() + 1
		records, err := w.o.Copies.Read(c.Stream, next, int(min(c.Size-f.Size(), readAtOnce)), readAtOnce*contract.MaxRecord)
		if err != nil {
			return fmt.Errorf("read copy of stream %s from record %d: %w", c.Stream, next, err)
		}
		if len(records) == 0 {
			return fmt.Errorf("read copy of stream %s: %w: record %d", c.Stream, errMissing, next)
		}
		for _, r := range records {
			commitment, err := tree.Commit(r)
			if err != nil {
				return fmt.Errorf("read copy of stream %s: %w", c.Stream, err)
			}
			f.Append(commitment)
		}
	}
	return nil
}

// Cosigned gives what was cosigned since it was last asked. What is lost on the way is asked for again.
func (w *Witness) Cosigned() [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.cosigned
	w.cosigned = nil
	return out
}

// Warning is what a person should know; empty if nothing.
func (w *Witness) Warning() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trouble == nil {
		return ""
	}
	return fmt.Sprintf("%v: keep the data directories of both gateways and ask for help", w.trouble)
}
