package gateway

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/decide"
)

// A journal is gone and the copies are not: until they are asked a second tap is credited once more, and its light is the same;
// afterwards it is a duplicate. Central decides anew over all taps either way.
func TestCreditsOfABlankDiskAreRecalled(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := enrolledSite(t, m, r)
	running := start(t, c)
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green)
	stream := running.gateway.journal.Stream()
	until(t, "the tap is in the cluster's copies", func() bool {
		return running.gateway.cluster.Watermark(stream) >= running.gateway.journal.Durable()
	})
	elsewhere := running.gateway.credited.Len()
	if err := running.stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(journalDir(c)); err != nil {
		t.Fatal(err)
	}

	g := stopped(t, c)
	if got := g.credited.Len(); got != 0 || elsewhere != 1 || !g.young {
		t.Fatalf("%d credits known on a blank disk, want 0; %d before, want 1; young %v", got, elsewhere, g.young)
	}
	unaware := tapAgain(t, g, contract.Accepted)
	closeStopped(t, g)
	if err := os.RemoveAll(journalDir(c)); err != nil {
		t.Fatal(err)
	}

	g = stopped(t, c)
	next := map[contract.Stream]uint64{}
	g.recallCopies(next)
	if got := g.credited.Len(); got != 1 {
		t.Errorf("%d credits recalled, want 1", got)
	}
	if aware := tapAgain(t, g, contract.Duplicate); aware != unaware {
		t.Errorf("light = %v with the credit recalled and %v without: one of them is not true", aware, unaware)
	}
	if from := next[stream]; from != g.cluster.Watermark(stream)+1 {
		t.Errorf("it goes on from %d, want behind the last, %d", from, g.cluster.Watermark(stream))
	}
	g.sources = map[string]string{"annexe/door": "osdp"}
	g.credited = decide.NewCredited()
	g.recallCopies(map[contract.Stream]uint64{})
	if got := g.credited.Len(); got != 0 {
		t.Errorf("%d credits of readers that hang elsewhere were recalled", got)
	}
}

// A gateway that is alone lost its whole disk but for who it is: central tells whom it credited today.
func TestCreditsOfABlankDiskAreToldByCentral(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	c := enrolledSite(t, m, r)
	running := start(t, c)
	r.awaitSteady(t, blue)
	r.cards <- knownCard
	r.awaitFlash(t, green)
	m.awaitTaps(t, 1)
	if err := running.stop(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(journalDir(c)), os.RemoveAll(filepath.Join(c.Data, "cluster"))); err != nil {
		t.Fatal(err)
	}
	running = start(t, c)
	r.awaitSteady(t, blue)
	until(t, "central tells the credit", func() bool { return running.gateway.credited.Len() == 1 })
	r.cards <- knownCard
	r.awaitFlash(t, green)
	outcomes := map[contract.Outcome]int{}
	for _, tap := range m.awaitTaps(t, 2) {
		outcomes[tap.Tap.Outcome]++
	}
	if outcomes[contract.Accepted] != 1 || outcomes[contract.Duplicate] != 1 {
		t.Errorf("taps by outcome = %v, want one credited and one duplicate", outcomes)
	}
}

// tapAgain holds the known card to the reader, and checks what is kept of it.
func tapAgain(t *testing.T, g *Gateway, want contract.Outcome) drivers.Signal {
	t.Helper()
	light := g.Tap(t.Context(), drivers.Read{Reader: "lib/door", Credential: "w26:123:45678", HeardAt: time.Now()})
	kept, err := g.writer.Read(g.journal.Durable(), 1)
	if err != nil || kept[0].Tap == nil || kept[0].Tap.Outcome != want {
		t.Fatalf("kept %+v, %v; want a tap that is %v", kept, err, want)
	}
	return light
}
