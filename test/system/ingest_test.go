package system

import (
	"errors"
	"sync"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The promise of ingest: each tap once; a receipt means it is on central's disk. A batch that comes again, in parts, twice at
// once, and after central was killed right behind its receipt, adds nothing.
func TestEachTapOnceAtCentral(t *testing.T) {
	t.Parallel()
	door := room("north", 1)
	c := open(t, plan{posts: alone, classes: []class{on("class", door, people...)}})
	g := c.gateways["north"]
	g.uplink.Cut()
	for _, p := range people[:5] {
		c.tap("north", door, p, lamp.Green)
	}
	g.stop()
	stream, records := g.journal()
	n := uint64(len(records))
	client, hangUp := g.client()
	defer hangUp()
	send := func(first uint64, records [][]byte) (contract.Receipt, error) {
		receipt, err := client.SendBatch(t.Context(), contract.Batch{Version: contract.BatchVersion, Stream: stream, First: first, Records: records})
		receipt.Sealed = 0 // as far as the gateway had signed before
		return receipt, err
	}

	had, err := c.central.through(stream.String())
	must(t, err)
	receipt, err := send(1, records)
	must(t, err)
	if !c.central.Kill() { // right behind the receipt
		t.Fatal("central was not ended by the signal")
	}
	if want := (contract.Receipt{Stream: stream, Through: n, Stored: int(n - had), Known: int(had)}); receipt != want || n-had < 5 {
		t.Errorf("first receipt = %+v, want %+v with all five taps new", receipt, want)
	}
	c.central.up()

	var twice sync.WaitGroup
	for range 2 {
		twice.Go(func() {
			receipt, err := send(1, records)
			if want := (contract.Receipt{Stream: stream, Through: n, Known: int(n)}); err != nil || receipt != want {
				t.Errorf("receipt of the same batch = %+v, %v, want %+v", receipt, err, want)
			}
		})
	}
	twice.Wait()
	if receipt, err = send(n-1, records[n-2:]); err != nil || receipt.Stored != 0 || receipt.Through != n {
		t.Errorf("receipt of its last two records = %+v, %v, want nothing stored and through %d", receipt, err, n)
	}
	if _, err = send(n+2, records[n-1:]); !isProblem(err, contract.ProblemMalformed) {
		t.Errorf("a record under a number not its own: %v, want a problem %s", err, contract.ProblemMalformed)
	}

	g.uplink.Heal()
	c.start("north") // which has no receipt and sends all of it again
	c.awaitLevel()
	c.checkTaps()
}

func isProblem(err error, kind string) bool {
	p, ok := errors.AsType[*contract.Problem](err)
	return ok && p.Type == kind
}
