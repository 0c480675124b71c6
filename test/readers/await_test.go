package readers

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
)

const (
	// patience bounds what takes seconds on a quiet machine. It is never waited out by a test that passes.
	patience = time.Minute
	// lookEvery is how often is looked.
	lookEvery = 2 * time.Millisecond
)

// await looks until done returns nil. When that takes too long, the test ends with what it waited for and what was the case.
func await(t testing.TB, what string, done func() error) {
	t.Helper()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	tooLate := time.NewTimer(patience)
	defer tooLate.Stop()
	for {
		err := done()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-tooLate.C:
			t.Fatalf("waited %v until %s; it stands so: %v", patience, what, err)
		}
	}
}

// awaitRid waits until the reader has no use for a card any more: its panel has it, or it was thrown away. Unlike await it may
// run in any goroutine of a test.
func awaitRid(t testing.TB, p *reader.Presentation) {
	for from := time.Now(); time.Since(from) < patience; time.Sleep(lookEvery) {
		if r := p.Result(); r.Taken || r.Lost {
			return
		}
	}
	t.Errorf("a reader kept its card for %v: %+v", patience, p.Result())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
