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

// copies are a neighbour's records by number, without the first so many; other streams are not held.
type copies struct {
	stream  contract.Stream
	records [][]byte
	pruned  int
}

var errNotHeld = errors.New("not held")

func (c *copies) Read(stream contract.Stream, first uint64, n, _ int) ([][]byte, error) {
	if stream != c.stream || first > uint64(len(c.records)) || first <= uint64(c.pruned) {
		return nil, errNotHeld
	}
	return c.records[first-1:][:min(n, len(c.records)-int(first)+1)], nil
}

func (c *copies) Pruned(contract.Stream) (f tree.Frontier, err error) {
	for _, raw := range c.records[:c.pruned] {
		commitment, err := tree.Commit(raw)
		if err != nil {
			return f, err
		}
		f.Append(commitment)
	}
	return f, nil
}

func witnessOf(c Copies) (*Witness, ed25519.PublicKey) {
	key := keyOf(9)
	w := NewWitness(WitnessOptions{Copies: c, Gateway: "annexe", Key: func() ed25519.PrivateKey { return key }, Log: slog.New(slog.DiscardHandler)})
	return w, key.Public().(ed25519.PublicKey)
}

func TestANeighbourCosignsWhatItsCopyGives(t *testing.T) {
	d := newDesk(t)
	d.tap(700)
	held := &copies{stream: d.journal.Stream(), records: d.batch(1, 700).Records}
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

// A neighbour that has dropped what central had proven cosigns on, after a restart and when it was pruned under its hands; what
// it does not hold any more it does not speak of.
func TestANeighbourCosignsWhatFollowsThePruned(t *testing.T) {
	d := newDesk(t)
	d.tap(30)
	held := &copies{stream: d.journal.Stream(), records: d.batch(1, 30).Records, pruned: 10}
	notes := map[int][]byte{}
	for first := 1; first <= 30; first += 10 {
		notes[first+9] = d.checkSigned(d.batch(uint64(first), 10), uint64(first+9))
	}
	cosigns := func(w *Witness, at int) bool {
		w.Consider([][]byte{notes[at]})
		return len(w.Cosigned()) == 1
	}
	w, _ := witnessOf(held)
	if !cosigns(w, 10) || !cosigns(w, 20) {
		t.Error("not cosigned although the copy and its tree are there")
	}
	held.pruned = 25
	if !cosigns(w, 30) {
		t.Error("not cosigned after the copy was pruned beyond what was cosigned last")
	}
	if cosigns(w, 20) || w.Warning() != "" {
		t.Errorf("cosigned what is not held any more, or a warning: %q", w.Warning())
	}
	held.records[27], held.records[28] = held.records[28], held.records[27]
	if again, _ := witnessOf(held); cosigns(again, 30) || again.Warning() == "" {
		t.Error("another copy behind what was pruned is cosigned, or causes no warning")
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
		"of records that have not come":   {&copies{stream: d.journal.Stream(), records: records[:4]}, ""},
		"with another root than the copy": {&copies{stream: d.journal.Stream(), records: swapped}, "gateway library, stream " + d.journal.Stream().String() + ", records to 5"},
	} {
		w, _ := witnessOf(tt.held)
		w.Consider([][]byte{note, []byte("garbage")})
		if got := w.Cosigned(); got != nil || !strings.Contains(w.Warning(), tt.warn) || (tt.warn == "") != (w.Warning() == "") {
			t.Errorf("a checkpoint %s: %d cosigned, warning %q, want none and %q", name, len(got), w.Warning(), tt.warn)
		}
	}
}
