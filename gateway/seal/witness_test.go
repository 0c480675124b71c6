package seal

import (
	"crypto/ed25519"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// copies are a neighbour's records by number; other streams are not held.
type copies struct {
	stream  contract.Stream
	records [][]byte
}

var errNotHeld = errors.New("not held")

func (c *copies) Read(stream contract.Stream, first uint64, n, _ int) ([][]byte, error) {
	if stream != c.stream || first > uint64(len(c.records)) {
		return nil, errNotHeld
	}
	return c.records[first-1:][:min(n, len(c.records)-int(first)+1)], nil
}

func witnessOf(c Copies) (*Witness, ed25519.PublicKey) {
	key := keyOf(9)
	w := NewWitness(WitnessOptions{Copies: c, Gateway: "annexe", Key: func() ed25519.PrivateKey { return key }, Log: slog.New(slog.DiscardHandler)})
	return w, key.Public().(ed25519.PublicKey)
}

func TestANeighbourCosignsWhatItsCopyGives(t *testing.T) {
	d := newDesk(t)
	d.tap(700)
	held := &copies{d.journal.Stream(), d.batch(1, 700).Records}
	w, key := witnessOf(held)
	early, late := d.checkSigned(d.batch(1, 5), 5), d.checkSigned(d.batch(6, 695), 700)
	for _, note := range [][]byte{late, early, late} { // whatever the order
		w.Consider([][]byte{note})
		got := w.Cosigned()
		if len(got) != 1 {
			t.Fatalf("%d checkpoints are cosigned, want 1", len(got))
		}
		if err := tree.CheckSignature(got[0], "annexe", key); err != nil {
			t.Error(err)
		}
		if _, err := tree.Open(got[0], d.key.Public().(ed25519.PublicKey)); err != nil {
			t.Errorf("the owner's signature is gone: %v", err)
		}
	}
	if again := w.Cosigned(); again != nil || w.Warning() != "" {
		t.Errorf("given out twice: %d, warning %q", len(again), w.Warning())
	}
}

func TestANeighbourCosignsNothingElse(t *testing.T) {
	d := newDesk(t)
	d.tap(5)
	records := d.batch(1, 5).Records
	note := d.checkSigned(d.batch(1, 5), 5)
	swapped := [][]byte{records[1], records[0], records[2], records[3], records[4]}
	for name, tt := range map[string]struct {
		held *copies
		warn string
	}{
		"of a stream that is not held":    {&copies{}, ""},
		"of records that have not come":   {&copies{d.journal.Stream(), records[:4]}, ""},
		"with another root than the copy": {&copies{d.journal.Stream(), swapped}, "gateway library, stream " + d.journal.Stream().String() + ", records to 5"},
	} {
		w, _ := witnessOf(tt.held)
		w.Consider([][]byte{note, []byte("garbage")})
		if got := w.Cosigned(); got != nil || !strings.Contains(w.Warning(), tt.warn) || (tt.warn == "") != (w.Warning() == "") {
			t.Errorf("a checkpoint %s: %d cosigned, warning %q, want none and %q", name, len(got), w.Warning(), tt.warn)
		}
	}
}
