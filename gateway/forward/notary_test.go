package forward

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// signing is a notary that signs with words, except of batches that begin with an odd number.
type signing struct{ heard []uint64 }

func (s *signing) Checkpoint(b contract.Batch) []byte {
	if b.First%2 == 1 {
		return nil
	}
	return fmt.Appendf(nil, "to %d", b.First+uint64(len(b.Records))-1)
}

func (s *signing) Sealed(r contract.Receipt) error {
	s.heard = append(s.heard, r.Sealed)
	return nil
}

// sealing is a central that stores what comes and seals what is signed; err is its answer instead.
type sealing struct {
	got []string
	err error
}

func (c *sealing) SendBatch(_ context.Context, b contract.Batch) (contract.Receipt, error) {
	c.got = append(c.got, string(b.Checkpoint))
	last := b.First + uint64(len(b.Records)) - 1
	receipt := contract.Receipt{Stream: b.Stream, Through: last}
	if b.Checkpoint != nil {
		receipt.Sealed = last
	}
	return receipt, c.err
}

func (c *sealing) SendAhead(ctx context.Context, b contract.Batch) (contract.Receipt, error) {
	return c.SendBatch(ctx, b)
}

func TestBatchesLeaveSignedAndTheNotaryHearsOfTheSeal(t *testing.T) {
	c, n, box := &sealing{}, &signing{}, newBox(3)
	f := NewForwarder(NewUplink(Options{Central: c, Log: quiet}), box)
	f.Notary = n
	deliver := func() error {
		t.Helper()
		b, ok, err := f.next()
		if err != nil || !ok {
			t.Fatalf("next = %v, %v", ok, err)
		}
		return f.deliver(t.Context(), b)
	}
	for _, more := range []int{1, 1} {
		if err := deliver(); err != nil {
			t.Fatal(err)
		}
		box.write(more)
	}
	c.err = errors.New("no route")
	if err := deliver(); err == nil {
		t.Error("deliver = nil, want the error")
	}
	if want := []string{"", "to 4", ""}; !cmp.Equal(c.got, want) { // records 1 to 3, 4, 5
		t.Errorf("checkpoints = %q, want %q", c.got, want)
	}
	if want := []uint64{0, 4}; !cmp.Equal(n.heard, want) {
		t.Errorf("the notary heard of seals at %v, want %v", n.heard, want)
	}
}
